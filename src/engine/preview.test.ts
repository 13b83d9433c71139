import { expect, test } from "vitest";
import { apply, release, running } from "../../test/plan/deployed.js";
import { handleCommand } from "../core/deployment/command.js";
import { compile } from "../spec/compile/compile.js";
import { previewRollback } from "./preview.js";

const staging = compile({ name: "shop", services: { web: { command: ["node", "server.js"], port: 8080 } } }).system
  ?.environments.staging;
if (staging === undefined) throw new Error("the spec is fine");

test("a rollback in the middle of a canary leaves the canary, for what settled", () => {
  const before = running(staging, release("1.0.0"));
  const command = {
    kind: "deploy",
    release: release("2.0.0"),
    environment: staging,
    reason: null,
    fast: false,
  } as const;
  const outcome = handleCommand(before, { command, key: "k", expected: null, by: "user:ada" });
  if (outcome.kind === "refused") throw new Error(outcome.refusal.message);
  const steps = [{ service: "web", action: "roll-out" as const, from: "r1", to: "r2", stages: [] }];
  const canary = apply(apply(before, outcome.events), [
    { type: "deployment.started@1", data: { deployment: "d2", from: "r1", to: "r2", steps } },
    { type: "rollout.started@1", data: { deployment: "d2", service: "web" } },
  ]);
  expect(previewRollback(canary, null)).toMatchObject({
    from: { id: "r2" },
    to: { id: "r1" },
    services: [{ service: "web", change: "goes from r2 to r1" }],
  });
});
