import { afterAll, describe, expect, test } from "vitest";
import type { EventRecord } from "../../src/core/model/event.js";
import type { EnvironmentView } from "../../src/engine/view.js";
import { Chance } from "../simulation/random.js";
import { Installation, type Victim } from "./lab/installation.js";
import { killHard } from "./lab/processes.js";
import { customers, QUICK_CANARY, web, writeShop } from "./lab/shop.js";

const SEED = Number(process.env.WINDLASS_SEED ?? 3);
const chance = new Chance(SEED);

const lab = new Installation();
const services = { web: web({ strategy: QUICK_CANARY, onTooLittleData: "hold" }) };
let releases = 0;
afterAll(async () => expect(await lab.end()).toEqual([]));

/** Moments of a canary, by the event that begins them. */
const GOOD = [
  "deployment.started@1",
  "stage.entered@1 0",
  "stage.observing@1 0",
  "stage.observing@1 1",
  "rollout.arrived@1",
];
const BAD = ["stage.observing@1 0", "deployment.turned@1"];

function isMoment(moment: string): (event: EventRecord) => boolean {
  const [type, stage] = moment.split(" ");
  return (event) =>
    event.type === type && (stage === undefined || (event.data as { stage: number }).stage === Number(stage));
}

/** What has to be the same in the end, whoever died when. */
function settled(view: EnvironmentView) {
  return {
    runs: view.current?.label,
    outcome: view.deployment?.outcome,
    groups: view.services[0]?.groups.map(({ revision, ready, weightInForce }) => [
      revision.label,
      ready,
      weightInForce,
    ]),
  };
}

/** A canary under load; at the moment the victims get kill -9. */
async function canary(kind: "good" | "bad", moment: string, victims: readonly Victim[]) {
  if (releases === 0) {
    writeShop(lab, { release: `${releases}.0.0` }, services);
    expect(await lab.cli("deploy", "lab", "--version", `${releases}.0.0`)).toMatchObject({ code: 0 });
  }
  releases++;
  const before = await lab.view("shop/lab");
  const pids = await lab.pids();
  const replicas = before.services[0]?.groups[0]?.replicas.map(({ pid }) => pid);
  const release = `${releases}.0.0`;
  const load = customers(before.services[0]?.url ?? "", release);
  try {
    writeShop(lab, { release, ...(kind === "bad" ? { failEvery: 2 } : {}) }, services);
    const deploy = lab.begin("deploy", "lab", "--version", release);
    await lab.untilEvent("shop/lab", before.version, isMoment(moment));
    const dead = await killAll(victims.map((victim) => pids[victim]));
    // Nobody starts the first one again when all three are gone: the next command does.
    if (victims.length === 3) expect(await lab.cli("status", "lab")).toMatchObject({ code: 0 });
    const { code, output } = await deploy.done;
    const quiet = (view: EnvironmentView) =>
      view.deployment?.outcome !== null &&
      view.services[0]?.groups.length === 1 &&
      view.services[0].groups[0]?.ready === 2;
    const after = await lab.until("shop/lab", "it came to rest", quiet);
    const now = await lab.pids();
    const others = (["control plane", "daemon", "edge"] as const).filter((one) => !victims.includes(one));
    expect(others.map((one) => now[one])).toEqual(others.map((one) => pids[one]));
    expect(victims.map((one) => now[one])).not.toEqual(victims.map((one) => pids[one]));
    return { code, output, before, after, release, replicas, dead, report: await load.stop() };
  } finally {
    await load.stop(0);
  }
}

/** Returns when the last of them was seen to be dead. */
async function killAll(pids: readonly number[]): Promise<number> {
  await Promise.all(pids.map(killHard));
  return performance.now();
}

function expectEnd(
  { code, output, before, after, release, replicas }: Awaited<ReturnType<typeof canary>>,
  kind: "good" | "bad",
) {
  const runs = kind === "good" ? release : before.current?.label;
  expect({ code, ...settled(after) }, output).toEqual({
    code: kind === "good" ? 0 : 3,
    runs,
    outcome: kind === "good" ? "succeeded" : "rolled-back",
    groups: [[runs, 2, 100]],
  });
  // The way back needs no new process: the old ones never went.
  if (kind === "bad") expect(after.services[0]?.groups[0]?.replicas.map(({ pid }) => pid)).toEqual(replicas);
}

const stories = (["control plane", "daemon", "edge"] as const).flatMap((victim) => {
  const first = chance.of(GOOD);
  const moments = [first, chance.of(GOOD.filter((moment) => moment !== first))];
  return [
    ...moments.map((moment) => ({ victim, moment, kind: "good" as const })),
    { victim, moment: chance.of(BAD), kind: "bad" as const },
  ];
});

describe(`kill -9 in the middle of a canary under load (seed ${SEED})`, () => {
  test.each(stories)("the $victim at $moment of a $kind one", async ({ victim, moment, kind }) => {
    const told = await canary(kind, moment, [victim]);
    expectEnd(told, kind);
    const { report, dead } = told;
    expect(report.shed).toBe(0);
    if (victim !== "edge") expect(report).toMatchObject({ failed: 0, reasons: {} });
    expect(Object.keys(report.reasons)).not.toContain("ECONNREFUSED");
    // What the edge had in flight when it died, and nothing that came after.
    expect(report.samples.filter(({ sentAt }) => sentAt > dead)).toEqual([]);
    expect(report.failed).toBeLessThanOrEqual(5);
  });

  test.each(["good", "bad"] as const)("all three at once, in a %s one", async (kind) => {
    const told = await canary(kind, chance.of(kind === "good" ? GOOD : BAD), ["control plane", "daemon", "edge"]);
    expectEnd(told, kind);
  });
});
