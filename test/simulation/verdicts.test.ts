import { describe, expect, test } from "vitest";
import type { Judgement } from "../../src/core/model/judgement.js";
import { understand } from "../../src/engine/known-events.js";
import { canary, Tale } from "../rules/tale.js";
import { ANALYSIS } from "./analysis.js";
import { Chance } from "./random.js";
import { deployOf, type ServiceOptions } from "./system.js";
import { World } from "./world.js";

const compared = (version: string, options: ServiceOptions = {}) =>
  canary(version, { analysis: ANALYSIS, guards: [], ...options });

/** What the comparison of a signal found, in the judgement that decided last. */
function evidenceOf(judgement: Judgement | null | undefined, signal = "errors") {
  const found = judgement?.signals.find((one) => one.signal === signal && one.comparison !== undefined);
  if (found?.comparison === undefined) throw new Error(`nothing was compared: ${JSON.stringify(judgement)}`);
  return { verdict: found.verdict, canary: found.canary, ...found.comparison };
}

describe("a verdict", () => {
  test("hauls back what is a little worse, where no guard would see it", async () => {
    const tale = await Tale.begin({ requestsPerSecond: 500 });
    await tale.deploy("v1", compared("1"));
    await tale.over();
    await tale.deploy("v2", compared("2", { behaviour: "a-little-worse" }));
    const { deployment } = await tale.over();
    expect(deployment).toMatchObject({ outcome: "rolled-back", cause: { kind: "verdict", service: "web" } });
    const { canary: seen, evidence, needed } = evidenceOf(deployment?.cause?.judgement);
    expect(seen.bad / seen.total).toBeCloseTo(0.03, 1);
    expect(evidence.fail).toBeGreaterThan(0);
    expect(needed.fail).toBeGreaterThan(0);
  });

  test("of guards and comparisons together: a guard fails what a comparison cannot know yet", async () => {
    const tale = await Tale.begin();
    const guards = [{ signal: "errors" as const, above: 0.01, forMs: 2_000, minSamples: 1, slowMs: null }];
    await tale.deploy("v1", compared("1", { guards }));
    await tale.over();
    await tale.deploy("v2", compared("2", { guards, behaviour: "erroring" }));
    const { deployment } = await tale.over();
    expect(deployment?.outcome).toBe("rolled-back");
    const signals = deployment?.cause?.judgement?.signals.map(({ signal, verdict }) => `${signal} ${verdict}`);
    expect(signals?.[0]).toBe("errors fail");
    expect(signals).toHaveLength(3);
  });

  test("that is open at the end of a stage holds, goes back or goes on, as the spec says", async () => {
    const ends: Record<string, string | null> = {};
    for (const onTooLittleData of ["hold", "abort", "continue"] as const) {
      const tale = await Tale.begin({ requestsPerSecond: 1 });
      await tale.deploy("v1", compared("1", { onTooLittleData }));
      await tale.over();
      await tale.deploy("v2", compared("2", { onTooLittleData }));
      await tale.pass(90_000);
      const { deployment } = tale.state;
      ends[onTooLittleData] = deployment?.cause?.kind ?? deployment?.outcome ?? null;
      if (onTooLittleData !== "hold") continue;
      // A person may know better.
      await tale.ask({ kind: "advance", full: true });
      ends.advanced = (await tale.over()).deployment?.outcome ?? null;
    }
    expect(ends).toEqual({ hold: null, abort: "too-little-data", continue: "succeeded", advanced: "succeeded" });
  });

  test.each(["rolling", "blue-green"] as const)(
    "is not waited for where both do not answer side by side: %s",
    async (kind) => {
      const strategy =
        kind === "rolling"
          ? { kind, maxSurge: 1, maxUnavailable: 0, observeMs: 4_000 }
          : { kind, smoke: [], observeMs: 4_000, keepOldMs: 0 };
      const tale = await Tale.begin();
      for (const version of ["1", "2"]) {
        await tale.deploy(`v${version}`, compared(version, { strategy }));
        expect((await tale.over()).deployment?.outcome).toBe("succeeded");
      }
      const judged = tale.facts.filter(({ record }) => record.type === "deployment.turned@1");
      expect(judged).toEqual([]);
    },
  );

  test("of a later attempt has less of the false alarms to spend; what settles begins anew", async () => {
    const tale = await Tale.begin({ requestsPerSecond: 500 });
    const levels: number[] = [];
    await tale.deploy("v1", compared("1"));
    await tale.over();
    for (let attempt = 0; attempt < 3; attempt++) {
      await tale.deploy("v2", compared("2", { behaviour: "erroring" }));
      const { deployment } = await tale.over();
      levels.push(evidenceOf(deployment?.cause?.judgement).level.fail);
      await tale.ask({ kind: "unhold", revision: "r2", reason: "once more" });
    }
    expect(levels).toEqual([...levels].sort((a, b) => b - a));
    expect(new Set(levels).size).toBe(3);
    expect(2 * levels.reduce((sum, level) => sum + level, 0)).toBeLessThan(ANALYSIS.falseAlarms);
  });
});

describe("a death of the engine", () => {
  /** Every fact of a canary, whole, with its time; `disturb` is told before each step. */
  async function tell(
    behaviour: "good" | "a-little-worse",
    disturb: (world: World) => void = () => {},
    { seed = 1, requestsPerSecond = 500 } = {},
  ) {
    const world = new World(new Chance(seed).next, { requestsPerSecond });
    await world.start();
    const step = async (): Promise<void> => {
      // Until nothing is left to do at this moment, whoever does it: an engine that died has a successor at once.
      for (let result = null; result === null || result.decided > 0 || result.applied; )
        ({ result } = await world.step());
      world.now += 500;
    };
    await world.command(deployOf("v1", compared("1")), "v1");
    for (let look = 0; look < 60; look++) await step();
    const from = world.disk.records.length;
    await world.command(deployOf("v2", compared("2", { behaviour })), "v2");
    const begun = world.passages;
    const isOver = () => world.mirror.deployment?.id === "d2" && world.mirror.deployment.outcome !== null;
    for (let look = 0; look < 600 && !isOver(); look++) {
      disturb(world);
      await step();
    }
    world.deadly = 0;
    await step();
    const facts = world.disk.records.slice(from).map(understand);
    return { facts: JSON.parse(JSON.stringify(facts)) as typeof facts, world, begun };
  }

  const undisturbed = { good: tell("good"), "a-little-worse": tell("a-little-worse") };
  /** So few requests that a verdict takes its time. */
  const slowly = { requestsPerSecond: 60 };
  const isLate = ({ mirror, now }: World) => now - (mirror.services.web?.rollout?.trafficSince ?? now) > 12_000;

  test.each(["good", "a-little-worse"] as const)(
    "anywhere changes no verdict, number or moment: %s",
    async (behaviour) => {
      const expected = await undisturbed[behaviour];
      const outcome = behaviour === "good" ? "succeeded" : "rolled-back";
      expect(expected.world.mirror.deployment?.outcome).toBe(outcome);
      for (let diesAt = expected.begun + 1; diesAt <= expected.world.passages; diesAt += 5) {
        const { facts, world } = await tell(behaviour, (world) => {
          world.diesAt ??= diesAt;
        });
        expect(world.deaths).toBe(1);
        expect(facts, `died at ${diesAt}`).toEqual(expected.facts);
      }
    },
  );

  test("again and again changes nothing either, and leaves what was learned and no checkpoint", async () => {
    const expected = await undisturbed["a-little-worse"];
    let deaths = 0;
    for (let seed = 1; seed <= 12; seed++) {
      const { facts, world } = await tell(
        "a-little-worse",
        (world) => {
          world.deadly = 0.02;
        },
        { seed },
      );
      deaths += world.deaths;
      expect(facts, `seed ${seed}`).toEqual(expected.facts);
      expect([...world.series.states.keys()]).toEqual(["web memory"]);
    }
    expect(deaths).toBeGreaterThan(30);
  });

  test("that takes the series along begins anew, and it is said", async () => {
    let wiped = false;
    const wipe = (world: World): void => {
      if (wiped || !isLate(world)) return;
      wiped = true;
      world.series.states.clear();
      world.series.blocks.clear();
      world.diesAt = world.passages + 1;
    };
    const { facts, world } = await tell("a-little-worse", wipe, slowly);
    expect(world.said.some((line) => line.includes("begins anew"))).toBe(true);
    expect(facts.at(-2)).toMatchObject({ type: "deployment.finished@1", data: { outcome: "rolled-back" } });
  });

  test("whose successor cannot read the checkpoint begins anew as well: the series have the same seconds", async () => {
    const expected = await tell("a-little-worse", undefined, slowly);
    let broken = false;
    const spoil = (world: World): void => {
      if (broken || !isLate(world)) return;
      broken = true;
      const { cursor, analysis } = JSON.parse(world.series.states.get("web analysis:d2") ?? "");
      const other = { schema: 1, cursor, analysis: { schema: 1, at: analysis.at } };
      world.series.states.set("web analysis:d2", JSON.stringify(other));
      world.diesAt = world.passages + 1;
    };
    const { facts, world } = await tell("a-little-worse", spoil, slowly);
    expect(world.said.some((line) => line.includes("cannot be read"))).toBe(true);
    expect(facts).toEqual(expected.facts);
  });
});
