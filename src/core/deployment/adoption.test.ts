import { describe, expect, test } from "vitest";
import { Tale } from "../../../test/rules/tale.js";
import { environment, type ServiceOptions, service } from "../../../test/simulation/system.js";
import { desired } from "./desired.js";

const web = (options: ServiceOptions) => environment([service("web", { adopt: "shop-web", replicas: 3, ...options })]);

/** Replicas of a group in every intent that the target was told of. */
function told(tale: Tale, group: string): readonly unknown[] {
  const counts = tale.facts.map(({ after }) => desired(after).services.web?.groups[group]?.replicas);
  return [...new Set(counts.filter((count) => count !== undefined))];
}

describe("a Deployment that is taken over", () => {
  test("has all its replicas in the first intent already, and until its successor has them", async () => {
    const tale = await Tale.begin();
    await tale.deploy("v1", web({ version: "1" }));
    await tale.over();
    expect(told(tale, "r1")).toEqual([3]);
    expect(desired(tale.state).services.web?.adopt).toEqual({ group: "r1", deployment: "shop-web" });
    await tale.deploy("v2", web({ version: "2" }));
    await tale.over();
    expect(desired(tale.state).services.web?.adopt).toBeUndefined();
    expect(Object.keys(desired(tale.state).services.web?.groups ?? {})).toEqual(["r2"]);
  });

  test("keeps them when the deployment that takes it over fails", async () => {
    const tale = await Tale.begin();
    await tale.deploy("v1", web({ version: "1", behaviour: "never-ready" }));
    await tale.over();
    expect(tale.state.deployment?.outcome).not.toBe("succeeded");
    expect(told(tale, "r1")).toEqual([3]);
    expect(desired(tale.state).services.web).toBeUndefined();
  });
});
