import { expect, test } from "vitest";
import { emptyEnvironment } from "../core/deployment/evolve.js";
import type { Block } from "../core/model/judgement.js";
import type { EnvironmentState } from "../core/model/state.js";
import { RehearsedSeries } from "../simulate/series.js";
import { grownUp, learnStart } from "./growing-up.js";
import { Keeping } from "./keeping.js";

const MINUTE = 60_000;
const BEGIN = 1_000 * MINUTE;

/** A first deployment that took two seconds. */
function deployed(): EnvironmentState {
  const state = emptyEnvironment("shop/production");
  const analysis = { falseAlarms: 0.01, falsePasses: 0.05, signals: [] };
  const service = { analysis, listen: { host: "127.0.0.1", port: 0, tls: null } };
  return {
    ...state,
    deployment: {
      id: "d1",
      to: "r1",
      outcome: "succeeded",
      startedAt: BEGIN,
      finishedAt: BEGIN + 2_000,
      steps: [{ service: "web", action: "roll-out", from: null, to: "r1", stages: [] }],
    },
    revisions: { r1: { environment: { services: { web: service } } } },
  } as unknown as EnvironmentState;
}

/** Half of the requests of the first eight seconds fail; later ones do not. */
function answers(at: number): Block & { readonly service: string } {
  const errors = at - BEGIN < 8_000 ? 10 : 0;
  return { service: "web", at, group: "r1", replica: "web-r1-1", total: 20, errors, slow: 0, restarts: 0 };
}

test("how a first deployment's replicas warmed up is known five minutes later, once and for all", async () => {
  const state = deployed();
  expect(grownUp(state, BEGIN + 5 * MINUTE)).toBeNull();
  const now = BEGIN + 6 * MINUTE;
  expect(grownUp(state, now)).toBe("d1");

  const series = new RehearsedSeries();
  const seconds = Array.from({ length: 360 }, (_, i) => answers(BEGIN + i * 1_000));
  await series.write("shop/production", seconds);
  const keeping = new Keeping("shop/production", series, () => {});
  await learnStart(state, now, keeping);
  const learned = await keeping.memory("web");
  const ages = learned?.groups.r1?.map(({ total, errors }) => (total === 0 ? null : errors / total));
  expect(ages?.slice(0, 4)).toEqual([0.5, 0.5, 0.5, 0.5]);
  expect(ages?.at(-1)).toBe(0);

  await learnStart(state, now, keeping);
  expect(await keeping.memory("web")).toEqual(learned);
});
