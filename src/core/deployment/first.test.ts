import { expect, test } from "vitest";
import { Tale } from "../../../test/rules/tale.js";
import { environment, ROLLING, release, service } from "../../../test/simulation/system.js";
import { desired } from "./desired.js";
import { afterFirstDeployment } from "./first.js";

test("what is said of a first deployment beforehand is what it comes to", async () => {
  const system = environment([
    service("web", { version: "1", replicas: 3 }),
    service("mailer", { version: "1", listen: null, strategy: ROLLING }),
  ]);
  const tale = await Tale.begin();
  await tale.deploy("v1", system);
  const state = await tale.over();
  expect(state.deployment?.outcome).toBe("succeeded");
  expect(desired(afterFirstDeployment(state.key, release("v1"), system))).toEqual(desired(state));
});
