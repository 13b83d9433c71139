import { describe, expect, test } from "vitest";
import { stringify } from "yaml";
import {
  EXAMPLE_ADOPTED,
  EXAMPLE_FEATURES,
  EXAMPLE_SECRETS,
  EXAMPLES,
} from "../../../test/fixtures/intents/cluster.js";
import { kubernetesObjects } from "./build.js";

describe("what is applied, to be read", () => {
  test.each(Object.entries(EXAMPLES))("%s", async (name, { environment, intent }) => {
    const objects = kubernetesObjects({
      environment,
      intent,
      secrets: () => EXAMPLE_SECRETS,
      adopted: EXAMPLE_ADOPTED,
      gatewayFeatures: EXAMPLE_FEATURES,
    });
    const yaml = objects.map((object) => stringify(object, { lineWidth: 0 })).join("---\n");
    await expect(yaml).toMatchFileSnapshot(`golden/${name}.yaml`);
  });
});
