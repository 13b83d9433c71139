import { describe, expect, test } from "vitest";
import { judgeGuards } from "../../src/core/analysis/guard.js";
import { anchorClock, wallJumps } from "../../src/engine/clock.js";
import { pickReplica } from "../../src/targets/host/edge/pick.js";
import { groupAt, pointFor, stickyOf } from "../../src/targets/host/edge/sticky.js";
import { RELIABLE } from "../../src/targets/model/unreliable.js";
import { ANALYSIS } from "../simulation/analysis.js";
import { checkReplay } from "../simulation/invariants.js";
import { deployOf, environment, ROLLING, service } from "../simulation/system.js";
import { KEY } from "../simulation/world.js";
import { canary, Tale } from "./tale.js";

const atShare = (share: number) => (state: Tale["state"]) => state.services.web?.weights.r2 === share;

describe("rules of the engine that simple ones get wrong", () => {
  test("rule 1: the first deployment has no stable group and goes straight to 100 %, gated by readiness", async () => {
    const tale = await Tale.begin();
    await tale.deploy("v1", canary("1", { behaviour: "slow" }));
    await tale.pass(3_000);
    expect(tale.inForce()).toEqual({});
    const state = await tale.over();
    expect(state.deployment?.outcome).toBe("succeeded");
    expect([...new Set(tale.weightsOf("r1"))]).toEqual([0, 100]);
    expect(tale.types().filter((type) => type === "stage.entered@1")).toHaveLength(1);
  });

  test("rule 2: V3 during the canary of V2: stable stays V1, and V2's weight is 0 in force before V3 gets any", async () => {
    const tale = await Tale.begin();
    await tale.deploy("v1", canary("1"));
    await tale.over();
    await tale.deploy("v2", canary("2"));
    await tale.until(atShare(10));
    await tale.deploy("v3", canary("3"));
    const state = await tale.until(({ services }) => (services.web?.weights.r3 ?? 0) > 0);
    expect(state.services.web?.stable).toBe("r1");
    const firstOfV3 = tale.facts.findIndex(
      ({ record }) => ((record.data as { weights?: Record<string, number> }).weights?.r3 ?? 0) > 0,
    );
    const finished = tale.facts.findIndex(
      ({ record }) => (record.data as { outcome?: string }).outcome === "superseded",
    );
    // The world checks in addition, at each such fact, what the edge really has in force.
    expect(finished).toBeGreaterThan(0);
    expect(firstOfV3).toBeGreaterThan(finished);
    expect(state.services.web?.groups.r2).toBeUndefined();
    expect(state.holds).toEqual({});
  });

  test("rule 3: abort is not revert: the revision is held, the environment stays on the old one, a fix may go out", async () => {
    const tale = await Tale.begin();
    await tale.deploy("v1", canary("1"));
    await tale.over();
    await tale.deploy("v2", canary("2"));
    await tale.until(atShare(50));
    await tale.ask({ kind: "abort", reason: "wrong prices" });
    const state = await tale.over();
    expect(state.deployment?.outcome).toBe("rolled-back");
    expect(state.settled).toEqual(["r1"]);
    expect(state.holds.r2?.reason).toContain("wrong prices");
    expect(await tale.deploy("v2", canary("2"))).toMatchObject({
      kind: "refused",
      refusal: { code: "revision-held" },
    });
    await tale.deploy("v3", canary("3"));
    expect((await tale.over()).settled).toEqual(["r1", "r3"]);
  });

  test("rule 3: a rollback in mid-rollout rejects what goes on, like an abort", async () => {
    const tale = await Tale.begin();
    await tale.deploy("v1", canary("1"));
    await tale.over();
    await tale.deploy("v2", canary("2"));
    await tale.until(atShare(10));
    await tale.ask({ kind: "rollback", to: null, reason: null });
    const state = await tale.over();
    expect(state.settled).toEqual(["r1"]);
    expect(Object.keys(state.holds)).toEqual(["r2"]);
  });

  test("rule 4: going back to stable, and a rollback inside the window, skip the stages", async () => {
    const tale = await Tale.begin();
    for (const version of ["1", "2", "3"]) {
      await tale.deploy(`v${version}`, { ...canary(version), rollbackWindow: 1 });
      await tale.over();
    }
    await tale.deploy("v4", { ...canary("4"), rollbackWindow: 1 });
    await tale.until(({ services }) => services.web?.weights.r4 === 10);
    await tale.deploy("v3", { ...canary("3"), rollbackWindow: 1 });
    expect((await tale.over()).deployment?.steps).toMatchObject([{ action: "keep" }]);

    await tale.ask({ kind: "rollback", to: null, reason: null });
    const back = await tale.over();
    expect(back.settled).toEqual(["r1", "r2"]);
    expect(back.deployment?.steps[0]?.stages).toEqual([{ share: 100, minMs: 0, maxMs: 0 }]);

    for (const version of ["5", "6"]) {
      await tale.deploy(`v${version}`, { ...canary(version), rollbackWindow: 1 });
      await tale.over();
    }
    await tale.ask({ kind: "rollback", to: "r1", reason: null });
    const far = await tale.over();
    expect(far.deployment?.steps[0]?.stages).toHaveLength(3);
  });

  test("rule 5: a weight never rises before its replicas are ready, and an abort walks back without flapping up", async () => {
    const tale = await Tale.begin();
    const rolling = (version: string, behaviour: "good" | "slow") =>
      environment([service("web", { version, behaviour, replicas: 4 })]);
    await tale.deploy("v1", rolling("1", "good"));
    await tale.over();
    await tale.deploy("v2", rolling("2", "slow"));
    await tale.pass(3_000);
    expect(tale.inForce()).toEqual({ r1: 100 });
    await tale.until(({ services }) => (services.web?.weights.r2 ?? 0) >= 50);
    await tale.ask({ kind: "abort", reason: null });
    const until = tale.facts.length;
    await tale.over();
    const before = tale.weightsOf("r2");
    const falling = before.slice(before.indexOf(Math.max(...before)));
    expect(falling).toEqual([...falling].sort((a, b) => b - a));
    expect(falling.at(-1)).toBe(0);
    expect(tale.facts.length).toBeGreaterThan(until);
    const least = Math.min(
      ...tale.facts.flatMap(({ after }) => {
        const groups = Object.values(after.services.web?.groups ?? {});
        return after.settled.length > 0 ? [groups.reduce((sum, group) => sum + group.replicas, 0)] : [];
      }),
    );
    expect(least).toBeGreaterThanOrEqual(4);
  });

  test("rule 6: finishing moves a pointer and never copies the new revision over the old group", async () => {
    const tale = await Tale.begin();
    const blue = (version: string) =>
      environment([
        service("web", { version, strategy: { kind: "blue-green", smoke: [], observeMs: 0, keepOldMs: 60_000 } }),
      ]);
    await tale.deploy("v1", blue("1"));
    await tale.over();
    const before = tale.world.model.environment(KEY).services.get("web")?.groups.get("r1");
    await tale.deploy("v2", blue("2"));
    const state = await tale.over();
    expect(state.services.web).toMatchObject({ stable: "r2", groups: { r1: { revision: "r1", replicas: 2 } } });
    const kept = tale.world.model.environment(KEY).services.get("web")?.groups.get("r1");
    expect(kept).toBe(before);
    await tale.ask({ kind: "rollback", to: null, reason: null });
    expect((await tale.over()).services.web?.stable).toBe("r1");
    expect(kept?.replicas.map(({ restarts }) => restarts)).toEqual([0, 0]);
  });

  test.each([
    ["the provider is down", "provider-error", { requestsPerSecond: 50, minSamples: 10, down: 1 }],
    ["nobody sends a request", "no-data", { requestsPerSecond: 0, minSamples: 10, down: 0 }],
    ["too few send one", "inconclusive", { requestsPerSecond: 20, minSamples: 100_000, down: 0 }],
  ])(
    "rule 7: %s: %s, which neither passes nor fails; it holds up to a deadline, then the spec decides",
    async (_, verdict, world) => {
      const ends: Record<string, string | null> = {};
      for (const onTooLittleData of ["hold", "abort", "continue"] as const) {
        const tale = await Tale.begin({ requestsPerSecond: world.requestsPerSecond });
        const guards = [
          { signal: "errors" as const, above: 0.05, forMs: 3_000, minSamples: world.minSamples, slowMs: null },
        ];
        await tale.deploy("v1", canary("1", { guards, onTooLittleData }));
        await tale.over();
        tale.world.line.chances = { ...RELIABLE, signalsDown: world.down };
        await tale.deploy("v2", canary("2", { guards, onTooLittleData }));
        await tale.until(({ services }) => services.web?.rollout?.progression.observingSince != null);
        await tale.pass(12_000);
        expect(tale.world.driver.judgements.web?.verdict).toBe(verdict);
        expect(tale.state.services.web?.weights).toEqual({ r1: 90, r2: 10 });
        await tale.pass(60_000);
        const { deployment } = tale.state;
        ends[onTooLittleData] = deployment?.cause?.kind ?? deployment?.outcome ?? null;
        if (onTooLittleData === "hold") expect(tale.world.driver.waiting?.sentence).toContain(`no verdict: ${verdict}`);
      }
      expect(ends).toEqual({ hold: null, abort: "too-little-data", continue: "succeeded" });
    },
  );

  test("rule 8: an analysis that ended with nothing measured is not evidence", async () => {
    const guards = [
      { signal: "errors" as const, above: 0.05, forMs: 3_000, minSamples: 0, slowMs: null },
      { signal: "restarts" as const, above: 0, forMs: 3_000, minSamples: 0, slowMs: null },
    ];
    const judgement = judgeGuards(guards, { canary: [], stable: [], since: 0, now: 60_000 });
    expect(judgement.verdict).toBe("no-data");
    const tale = await Tale.begin({ requestsPerSecond: 0 });
    await tale.deploy("v1", canary("1", { guards }));
    await tale.over();
    await tale.deploy("v2", canary("2", { guards }));
    await tale.pass(300_000);
    expect(tale.state.services.web?.weights).toEqual({ r1: 90, r2: 10 });
  });

  test.each([
    ["the provider is down", "provider-error", 50, 1],
    ["nobody sends a request", "no-data", 0, 0],
    ["too few send one", "inconclusive", 5, 0],
  ])("rules 7 and 8 hold for comparisons, too: %s: %s", async (_, verdict, requestsPerSecond, down) => {
    const compared = { analysis: ANALYSIS, guards: [] };
    const tale = await Tale.begin({ requestsPerSecond });
    await tale.deploy("v1", canary("1", compared));
    await tale.over();
    tale.world.line.chances = { ...RELIABLE, signalsDown: down };
    await tale.deploy("v2", canary("2", compared));
    await tale.pass(120_000);
    expect(tale.world.driver.judgements.web?.verdict).toBe(verdict);
    expect(tale.state.services.web?.weights).toEqual({ r1: 90, r2: 10 });
    expect(tale.world.driver.waiting?.sentence).toContain(`no verdict: ${verdict}`);
  });

  test("rule 9: the same key does nothing twice, and a command that saw an old version is refused, never merged", async () => {
    const tale = await Tale.begin();
    const pause = { kind: "pause" as const, reason: null };
    await tale.deploy("v1", canary("1"));
    const saw = tale.state.version;
    await tale.step();
    await tale.ask(pause, "once");
    const { version } = tale.state;
    expect(await tale.ask(pause, "once")).toMatchObject({ kind: "accepted", events: [] });
    expect(await tale.ask({ kind: "abort", reason: null }, "late", saw)).toMatchObject({
      kind: "refused",
      refusal: { code: "version-changed", retry: "after-refresh" },
    });
    expect(tale.state.version).toBe(version);
  });

  test("rule 10: a death of the engine before or after any call of a port changes nothing in the end", async () => {
    const tell = async (diesAt: number | null) => {
      const tale = await Tale.begin();
      await tale.deploy("v1", canary("1"));
      await tale.over();
      tale.world.diesAt = diesAt === null ? null : tale.world.passages + diesAt;
      const first = tale.world.passages;
      const command = deployOf("v2", canary("2", { strategy: ROLLING }));
      await tale.world.command(command, "v2");
      // Who got no answer asks again, with the same key.
      await tale.world.command(command, "v2");
      tale.facts.push(...tale.world.facts());
      await tale.over();
      checkReplay(tale.world);
      const { settled, services, holds, deployments } = tale.state;
      return {
        end: { settled, services, holds, deployments },
        passages: tale.world.passages - first,
        deaths: tale.world.deaths,
      };
    };
    const undisturbed = await tell(null);
    let deaths = 0;
    for (let passage = 1; passage <= undisturbed.passages; passage++) {
      const story = await tell(passage);
      deaths += story.deaths;
      expect(story.end, `died at passage ${passage}`).toEqual(undisturbed.end);
    }
    expect(deaths).toBe(undisturbed.passages);
  });

  test("rule 11: a change that the target never takes over hits the deadline, too", async () => {
    const tale = await Tale.begin();
    await tale.deploy("v1", canary("1"));
    await tale.over();
    tale.world.line.chances = { ...tale.world.line.chances, applyLost: 1 };
    await tale.deploy("v2", canary("2"));
    const turned = await tale.until(({ deployment }) => deployment?.cause != null);
    expect(turned.deployment?.cause?.sentence).toContain("the target did not take the change over");
    tale.world.line.chances = { ...tale.world.line.chances, applyLost: 0 };
    expect((await tale.over()).deployment?.outcome).toBe("rolled-back");
  });

  test("rule 12: nobody is late for the time in which no engine looked, wherever the last one died", async () => {
    for (let diesAt = 1; diesAt <= 60; diesAt++) {
      const tale = await Tale.begin();
      await tale.deploy("v1", canary("1"));
      await tale.over();
      await tale.deploy("v2", canary("2", { strategy: ROLLING }));
      tale.world.diesAt = tale.world.passages + diesAt;
      const { deaths } = tale.world;
      for (let look = 0; look < 200 && tale.world.deaths === deaths; look++) await tale.step();
      tale.world.now += 10 * 60_000;
      expect((await tale.over()).deployment?.outcome, `died at ${diesAt}`).toBe("succeeded");
    }
  });

  test("rule 11: a bad stable does not block the fix", async () => {
    const tale = await Tale.begin();
    await tale.deploy("v1", canary("1", { behaviour: "erroring" }));
    await tale.over();
    await tale.deploy("v2", canary("2", { behaviour: "erroring" }));
    expect((await tale.over()).deployment?.outcome).toBe("succeeded");
    await tale.deploy("v3", canary("3"));
    expect((await tale.over()).settled).toEqual(["r1", "r2", "r3"]);
    await tale.deploy("v4", environment([service("web", { version: "4", behaviour: "ends-later" })]));
    await tale.over();
    await tale.pass(60_000);
    await tale.deploy("v5", environment([service("web", { version: "5" })]));
    expect((await tale.over()).settled.at(-1)).toBe("r5");
  });

  test("rule 11: a bad stable does not block a fix that is compared with it", async () => {
    const compared = { analysis: ANALYSIS, guards: [] };
    const tale = await Tale.begin({ requestsPerSecond: 500 });
    await tale.deploy("v1", canary("1", { ...compared, behaviour: "erroring" }));
    await tale.over();
    await tale.deploy("v2", canary("2", compared));
    expect((await tale.over()).settled).toEqual(["r1", "r2"]);
  });

  test.each([
    ["ends-at-once", "crash", "cannot read config.json"],
    ["never-ready", "not-ready", "GET /ready answers 503"],
    ["cannot-start", "crash", "command not found"],
  ] as const)("rule 11: a canary that %s is reported with what it last said", async (behaviour, kind, said) => {
    const tale = await Tale.begin();
    await tale.deploy("v1", canary("1"));
    await tale.over();
    await tale.deploy("v2", canary("2", { behaviour }));
    const { deployment } = await tale.over();
    expect(deployment).toMatchObject({ outcome: "rolled-back", cause: { kind, service: "web" } });
    expect(`${deployment?.cause?.sentence} ${deployment?.cause?.exit?.lastLines.join()}`).toContain(said);
    if (behaviour === "ends-at-once") expect(deployment?.cause?.exit?.code).toBe(1);
    expect(tale.inForce()).toEqual({ r1: 100 });
  });

  test("rule 12: engine time goes on evenly when the wall clock jumps; the jump is told and shortens no soak", async () => {
    let wall = 1_700_000_000_000;
    let monotonic = 5_000;
    const source = { monotonic: () => monotonic, wall: () => wall, boot: () => "b1" };
    const { clock, anchor } = anchorClock(source, null, 0);
    const jumped = wallJumps(clock);
    const before = clock.now();
    wall += 3_600_000;
    monotonic += 10;
    expect(clock.now() - before).toBe(10);
    expect(jumped()).toBeCloseTo(3_600_000, -2);
    expect(anchorClock(source, anchor, before).clock.now()).toBe(clock.now());
    const rebooted = { monotonic: () => 3, wall: () => wall, boot: () => "b2" };
    expect(anchorClock(rebooted, anchor, clock.now()).clock.now()).toBe(clock.now());

    const tale = await Tale.begin();
    await tale.deploy("v1", canary("1"));
    await tale.over();
    await tale.deploy("v2", canary("2"));
    const { services } = await tale.until((state) => state.services.web?.rollout?.progression.observingSince != null);
    const since = services.web?.rollout?.progression.observingSince ?? 0;
    tale.world.wallOffset += 3_600_000;
    await tale.until((state) => state.services.web?.rollout?.progression.stage === 1);
    expect(tale.state.at - since).toBeGreaterThanOrEqual(5_000);
  });

  test("rule 13: what drains gets nothing new, and nothing is ended while requests are still sent to it", async () => {
    const draining = { ready: true, draining: true, out: false, inFlight: 0 };
    const busy = { ready: true, draining: false, out: false, inFlight: 40 };
    expect(pickReplica([draining, busy], 0, null)).toBe(busy);
    expect(pickReplica([draining], 0, null)).toBeNull();

    const tale = await Tale.begin({ edgeMs: 2_000 });
    const rolling = (version: string) => environment([service("web", { version, replicas: 1 })]);
    await tale.deploy("v1", rolling("1"));
    await tale.over();
    await tale.deploy("v2", rolling("2"));
    const state = await tale.until(({ services }) => services.web?.groups.r1?.replicas === 0);
    expect(tale.world.driver.observation?.services.web?.weights).toEqual({ r2: 100 });
    expect(state.services.web?.weights).toEqual({ r2: 100 });
  });

  test("rule 14: sticky canaries do not ratchet: who is on stable stays there, and who came goes back with the weight", () => {
    const at = (share: number) => {
      const weights = { r1: 100 - share, r2: share };
      const sticky = stickyOf({ weights, sticky: { cookie: "w", ttlMs: 60_000 } }, ["r1", "r2"]);
      if (sticky === null) throw new Error("not sticky");
      return sticky;
    };
    const points = Array.from({ length: 1_000 }, (_, index) =>
      pointFor(at(10), index < 900 ? 0 : 1, (index % 900) / 900),
    );
    const onCanary = (share: number) => points.filter((point) => groupAt(at(share), point) === 1);
    expect(onCanary(10)).toEqual(points.slice(900));
    for (let look = 0; look < 50; look++) expect(onCanary(10)).toHaveLength(100);
    expect(onCanary(10).every((point) => onCanary(50).includes(point))).toBe(true);
    expect(onCanary(10)).toHaveLength(100);
  });

  test("rule 15: a freeze is checked when a stage begins; a rollback always passes", async () => {
    const tale = await Tale.begin();
    const freeze = { name: "freeze", open: false, sentence: "frozen until Monday", until: null };
    for (const version of ["1", "2"]) {
      await tale.deploy(`v${version}`, canary(version));
      await tale.over();
    }
    await tale.deploy("v3", canary("3"));
    await tale.until(({ services }) => services.web?.weights.r3 === 10);
    tale.world.gates = [freeze];
    await tale.pass(60_000);
    expect(tale.state.services.web?.weights).toEqual({ r2: 90, r3: 10 });
    expect(tale.world.driver.waiting?.sentence).toContain("frozen until Monday");
    await tale.ask({ kind: "abort", reason: null });
    expect((await tale.over()).deployment?.outcome).toBe("rolled-back");
    await tale.ask({ kind: "rollback", to: null, reason: null });
    expect((await tale.over()).settled).toEqual(["r1"]);
  });

  test("rule 16: automation that rolls back and automation that deploys do not chase each other: the hold decides", async () => {
    const tale = await Tale.begin();
    await tale.deploy("v1", canary("1"));
    await tale.over();
    await tale.deploy("v2", canary("2", { behaviour: "erroring" }));
    await tale.over();
    expect(tale.state.holds.r2?.reason).toContain("errors");
    const { version } = tale.state;
    for (let time = 0; time < 5; time++) {
      expect(await tale.deploy("v2", canary("2", { behaviour: "erroring" }))).toMatchObject({ kind: "refused" });
      await tale.pass(1_000);
    }
    expect(tale.state.version).toBe(version);
    await tale.ask({ kind: "unhold", revision: "r2", reason: "the database is back" });
    expect(await tale.deploy("v2", canary("2", { behaviour: "erroring" }))).toMatchObject({ kind: "accepted" });
  });
});
