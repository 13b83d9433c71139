import { writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { planLines } from "../../src/cli/render/plan-lines.js";
import { simulateLines } from "../../src/cli/render/simulate-lines.js";
import { styleOf } from "../../src/cli/render/style.js";
import type { Block } from "../../src/core/model/judgement.js";
import type { Plan } from "../../src/plan/plan.js";
import { harmOf, NO_HARM } from "../../src/simulate/harm.js";
import { BASE } from "../../src/simulate/measure.js";
import { shareOf } from "../../src/simulate/statistics.js";
import type { HarmStudy, StageStudy, Study } from "../../src/simulate/study.js";
import { expectGolden } from "./golden.js";
import { event, NOW, R1, R2, resting } from "./views.js";
import { PIPE, World } from "./world.js";

const MINUTE = 60_000;
const STYLE = styleOf(PIPE);

function stage(share: number, ends: StageStudy["ends"]): StageStudy {
  const came = Object.values(ends).reduce((sum, count) => sum + count, 0);
  return { share, caught: shareOf(ends.fail ?? 0, came), passed: shareOf(ends.pass ?? 0, came), ends };
}

function harm(text: string, caught: number, rest: Partial<HarmStudy>): HarmStudy {
  return {
    harm: text === "none" ? NO_HARM : harmOf(text, BASE),
    runs: 200,
    caught: shareOf(caught, 200),
    stages: [],
    detectMs: { median: null, p90: null },
    harmed: { median: null, p90: null },
    outcomes: {},
    totalMs: { median: null, p90: null },
    ...rest,
  };
}

const STUDY: Study = {
  service: "api",
  environment: "production",
  conditions: { requestsPerSecond: 3, base: BASE, burstMs: null },
  seed: 1,
  harms: [
    harm("none", 1, {
      stages: [stage(10, { hold: 150, pass: 49, fail: 1 }), stage(50, { pass: 49 }), stage(100, { time: 49 })],
      outcomes: { succeeded: 49, held: 150, "hauled-back": 1 },
      totalMs: { median: 62 * MINUTE, p90: 75 * MINUTE },
    }),
    harm("+1%", 4, { stages: [stage(10, { hold: 196, fail: 4 })], outcomes: { held: 196, "hauled-back": 4 } }),
    harm("+5%", 200, {
      stages: [stage(10, { fail: 190, hold: 2, pass: 8 }), stage(50, { fail: 8 })],
      outcomes: { "hauled-back": 198, held: 2 },
      detectMs: { median: 8 * MINUTE, p90: 17 * MINUTE },
      harmed: { median: 7, p90: 15 },
    }),
  ],
};

test("what was found is said per harm and stage, with what it suggests", () => {
  const advice = [
    { kind: "blind-stage", sentence: "with 3 requests/s the 10 % stage cannot see it", searched: true },
  ] as const;
  const beside = { origin: "measured", advice, notRehearsed: ["checkout"] };
  expectGolden("simulate", `${simulateLines("shop/production", STUDY, beside, STYLE).join("\n")}\n`);
});

test("below a canary, a plan says what its stages find and what they do not", () => {
  const service = {
    action: "roll-out",
    because: ["a new artefact"],
    how: "canary 10 %",
    risk: "low",
    why: "",
  } as const;
  const plan: Plan = {
    environment: "shop/production",
    from: R1,
    to: { label: "1.1.0", digest: "sha256:00" },
    services: [
      { service: "api", ...service },
      { service: "web", ...service },
    ],
    resources: [],
    obstacles: [],
    changes: true,
  };
  const detections = [
    { service: "api", study: STUDY },
    { service: "web", study: null },
  ];
  expectGolden("plan detection", `${planLines(plan, STYLE, detections).join("\n")}\n`);
});

const SPEC = `
name: shop
services:
  api:
    command: node server.js
    source: false
    port: 8080
    strategy:
      kind: canary
      stages: [{ share: 50, time: { min: 1m, max: 2m } }]
environments: { production: {} }
`;

function shop(): World {
  const world = new World();
  writeFileSync(path.join(world.cwd, "windlass.system.yaml"), SPEC);
  world.plane.views = [resting({ current: R2, before: R1 })];
  return world;
}

describe("plan", () => {
  const planned: Plan = {
    environment: "shop/production",
    from: R1,
    to: { label: "1.1.0", digest: "sha256:00" },
    services: [
      { service: "api", action: "roll-out", because: ["a new artefact"], how: "canary", risk: "low", why: "" },
    ],
    resources: [],
    obstacles: [],
    changes: true,
  };

  test("rehearses a canary with the traffic that was counted", async () => {
    const world = shop();
    world.plane.planned = planned;
    world.plane.blocks = minutes(60);
    const ran = await world.run("plan", "production");
    expect(ran.code, ran.err).toBe(0);
    expect(ran.out).toMatch(/at 2 requests\/s it finds \+1 point of errors .*; \+5 points of errors .*rehearsals each/);
    expect(ran.out).toContain("`windlass simulate production` says");
    const kept = JSON.parse((await world.run("plan", "production", "--json")).out);
    expect(kept.detections).toMatchObject([{ service: "api", study: { service: "api" } }]);
  });

  test("says when the traffic is not known, and is silent when it was told to", async () => {
    const world = shop();
    world.plane.planned = planned;
    const ran = await world.run("plan", "production");
    expect(ran.out).toContain("what its stages would find is not known");
    expect(ran.out).toContain("`windlass simulate production --requests-per-second <n>`");
    expect((await world.run("plan", "production", "--no-detection")).out).not.toContain("stages would find");
  });
});

describe("simulate", () => {
  test("asks for the traffic when nobody counted any, and starts no control plane for it", async () => {
    const world = shop();
    world.isRunning = false;
    const ran = await world.run("simulate", "production");
    expect(ran.code).toBe(2);
    expect(ran.err).toContain("--requests-per-second");
    expect(world.connections).toBe(0);
  });

  test("takes the traffic that was counted", async () => {
    const world = shop();
    world.plane.blocks = minutes(60);
    const ran = await world.run("simulate", "production", "--runs", "1", "--harm", "errors=100%");
    expect(ran.code, ran.err).toBe(0);
    expect(ran.out).toContain("2 requests/s (measured), 0.417 % errors");
    expect(ran.out).toContain("100 % errors, 1 rehearsal");
  });

  test("the same seed prints the same", async () => {
    const args = ["simulate", "production", "--requests-per-second", "20", "--runs", "2", "--json"];
    const first = await shop().run(...args);
    expect(first.code, first.err).toBe(0);
    expect(JSON.parse(first.out)).toMatchObject({ environment: "shop/production", service: "api", seed: 1 });
    expect((await shop().run(...args)).out).toBe(first.out);
    expect((await shop().run(...args, "--seed", "2")).out).not.toBe(first.out);
  });

  test("a harm that is none is not understood", async () => {
    const ran = await shop().run("simulate", "production", "--requests-per-second", "20", "--harm", "lots");
    expect(ran.code).toBe(2);
    expect(ran.err).toContain('"lots" is no harm');
  });
});

describe("simulate --replay", () => {
  const started = {
    type: "deployment.started@1",
    data: {
      deployment: "d2",
      from: "r1",
      to: "r2",
      steps: [{ service: "api", action: "roll-out", from: "r1", to: "r2", stages: [] }],
    },
  } as const;
  const shaped = {
    type: "rollout.shaped@1",
    data: {
      deployment: "d2",
      service: "api",
      groups: { r1: 1, r2: 1 },
      weights: { r1: 50, r2: 50 },
      routed: null,
      because: "",
    },
  } as const;
  const finished = {
    type: "deployment.finished@1",
    data: { deployment: "d2", outcome: "succeeded", cause: null },
  } as const;

  test("a release that went through then is hauled back by what the spec says now", async () => {
    const world = shop();
    const since = NOW - 10 * MINUTE;
    world.plane.events = [
      event(1, started, { at: since - 1_000 }),
      event(2, shaped, { at: since }),
      event(3, finished, { at: NOW }),
    ];
    world.plane.blocks = seconds(since, NOW);
    const ran = await world.run("simulate", "production", "--replay", "d2");
    expect(ran.code, ran.err).toBe(0);
    expect(ran.out).toMatch(/then {2}it went through/);
    expect(ran.out).toMatch(/now {3}hauled back after \d+ s, by the comparison/);
    expect(ran.out).toContain("the record says nothing about: slow");
  });

  test("where the seconds are gone, minutes are replayed, with a caveat", async () => {
    const world = shop();
    const since = NOW - 10 * MINUTE;
    world.plane.events = [event(1, started, { at: since }), event(2, shaped, { at: since })];
    const blocks = seconds(since, NOW);
    world.plane.series = async (_key, { from, to, resolution }) =>
      blocks.filter(({ at }) => resolution === "minute" && at % MINUTE === 0 && at >= from && at < to);
    const ran = await world.run("simulate", "production", "--replay", "d2");
    expect(ran.code, ran.err).toBe(0);
    expect(ran.out).toMatch(/then {2}it still goes on/);
    expect(ran.out).toContain("only minutes are left of this rollout");
  });

  test("a deployment that sent nobody to a new release cannot be replayed", async () => {
    const ran = await shop().run("simulate", "production", "--replay", "d9");
    expect(ran.code).toBe(2);
    expect(ran.err).toContain("d9 sent no requests to a new api");
  });

  test("a file of counts needs no control plane", async () => {
    const world = shop();
    const recorded = { stable: "r1", canary: "r2", since: NOW, blocks: seconds(NOW, NOW + 10 * MINUTE) };
    writeFileSync(path.join(world.cwd, "counts.json"), JSON.stringify(recorded));
    const ran = await world.run("simulate", "production", "--recorded", "counts.json", "--json");
    expect(ran.code, ran.err).toBe(0);
    expect(JSON.parse(ran.out)).toMatchObject({ past: null, failed: { by: "comparison" } });
    expect(world.connections).toBe(0);
    writeFileSync(path.join(world.cwd, "counts.json"), '[{"at": "yesterday"}]');
    expect((await world.run("simulate", "production", "--recorded", "counts.json")).err).toContain(
      "has no recorded counts",
    );
  });
});

/** Two requests a second, one in two hundred and forty bad. */
function minutes(count: number): Block[] {
  return Array.from({ length: count }, (_, index) => {
    const at = NOW - (count - index) * MINUTE;
    return { at, group: "r1", replica: "a", total: 120, errors: index % 2, slow: 0, restarts: 0 };
  });
}

/** Stable well for ten minutes, then a canary beside it with one bad answer in ten. */
function seconds(since: number, until: number): Block[] {
  const blocks: Block[] = [];
  for (let at = since - 10 * MINUTE; at < until; at += 1000) {
    const counts = { at, slow: 0, restarts: 0 };
    blocks.push({ ...counts, group: "r1", replica: "a", total: 20, errors: at % 50_000 === 0 ? 1 : 0 });
    if (at >= since) blocks.push({ ...counts, group: "r2", replica: "b", total: 20, errors: 2 });
  }
  return blocks;
}
