import { describe, expect, test } from "vitest";
import type { ReplicaCounts } from "../../src/core/analysis/second.js";
import type { Measurement, ProbeSubject, SignalProvider } from "../../src/ports/signal-provider.js";
import { canary, Tale } from "../rules/tale.js";
import { analysisOf, CHECKOUT } from "./analysis.js";
import type { ServiceOptions } from "./system.js";
import { KEY } from "./world.js";

const STAGES = [
  { share: 10, minMs: 20_000, maxMs: 120_000 },
  { share: 100, minMs: 0, maxMs: 0 },
];
const strategy = { kind: "canary" as const, stages: STAGES, routes: [], sticky: null, keepOldMs: 0 };
const checked = (version: string, options: ServiceOptions = {}) =>
  canary(version, { analysis: analysisOf(CHECKOUT), guards: [], strategy, ...options });

function counts(bad: number, total: number): readonly ReplicaCounts[] {
  return [{ replica: "a", bad, total }];
}

/** A source that says what it is told to, and remembers how it was asked. */
class Checkout implements SignalProvider {
  readonly subjects: ProbeSubject[] = [];
  readonly asked: number[] = [];
  closed = 0;
  /** Null: it does not answer at all. */
  says: ((now: number) => Measurement) | null;

  constructor(says: Checkout["says"]) {
    this.says = says;
  }

  begin(subject: ProbeSubject) {
    this.subjects.push(subject);
    return {
      measure: (now: number, abort: AbortSignal): Promise<Measurement> => {
        this.asked.push(now);
        if (this.says !== null) return Promise.resolve(this.says(now));
        return new Promise((resolve) => {
          abort.addEventListener("abort", () => resolve({ kind: "no-answer", sentence: "stopped" }), { once: true });
        });
      },
      close: async () => {
        this.closed += 1;
      },
    };
  }
}

const equal = (now: number): Measurement => ({
  kind: "data",
  intervals: [{ at: now - 1_000, stable: counts(0, 900), canary: counts(0, 100) }],
});
const worse = (now: number): Measurement => ({
  kind: "data",
  intervals: [{ at: now - 1_000, stable: counts(1, 900), canary: counts(20, 100) }],
});

/** v1 runs, v2 is a canary whose checkouts are asked for. */
async function begin(provider: SignalProvider | null, options: ServiceOptions = {}): Promise<Tale> {
  const tale = await Tale.begin({}, provider);
  await tale.deploy("v1", checked("1", options));
  await tale.over();
  await tale.deploy("v2", checked("2", options));
  await tale.until(({ services }) => services.web?.rollout?.progression.observingSince != null);
  return tale;
}

const checkout = (tale: Tale) => tale.world.driver.judgements.web?.signals.find(({ signal }) => signal === "checkout");

describe("a signal that others count", () => {
  test("is asked for while the new group gets requests, as often as the spec says, and then no more", async () => {
    const source = new Checkout(equal);
    const tale = await begin(source);
    const since = tale.state.services.web?.rollout?.trafficSince ?? 0;
    expect((await tale.over()).deployment?.outcome).toBe("succeeded");
    expect(source.subjects).toMatchObject([{ environment: KEY, service: "web", stable: "r1", canary: "r2" }]);
    expect(source.asked[0]).toBeGreaterThanOrEqual(since);
    const gaps = source.asked.slice(1).map((at, index) => at - (source.asked[index] ?? 0));
    expect(Math.min(...gaps)).toBe(1_000);
    await tale.step();
    expect(source.closed).toBe(1);
    const asked = source.asked.length;
    await tale.pass(10_000);
    expect(source.asked).toHaveLength(asked);
  });

  test("fails a rollout by itself", async () => {
    const tale = await begin(new Checkout(worse));
    const { deployment } = await tale.over();
    expect(deployment?.outcome).toBe("rolled-back");
    expect(deployment?.cause?.sentence).toContain("checkout");
  });

  test("holds the stage while its source is silent for too long, and goes on when it answers", async () => {
    const source = new Checkout(equal);
    const tale = await begin(source);
    await tale.pass(15_000);
    source.says = () => ({ kind: "no-answer", sentence: "connection refused" });
    await tale.pass(2_500);
    expect(checkout(tale)?.verdict).not.toBe("provider-error");
    await tale.pass(15_000);
    expect(checkout(tale)).toMatchObject({ verdict: "provider-error" });
    expect(checkout(tale)?.sentence).toContain("connection refused");
    expect(tale.world.driver.waiting?.sentence).toContain("no verdict: provider-error");
    expect(tale.state.services.web?.weights).toEqual({ r1: 90, r2: 10 });
    source.says = equal;
    expect((await tale.over()).deployment?.outcome).toBe("succeeded");
  });

  test("never holds a step up: a source that hangs is a provider's error, and is ended with the rollout", async () => {
    const source = new Checkout(null);
    const tale = await begin(source);
    await tale.pass(30_000);
    expect(source.asked).toHaveLength(1);
    expect(checkout(tale)).toMatchObject({ verdict: "provider-error" });
    await tale.ask({ kind: "abort", reason: null });
    await tale.over();
    expect(source.closed).toBe(1);
  });

  test("of which there is nothing is no data, which is something else", async () => {
    const source = new Checkout(() => ({ kind: "no-data", sentence: "no series of r2" }));
    const tale = await begin(source, { onTooLittleData: "abort" });
    await tale.pass(15_000);
    expect(checkout(tale)).toMatchObject({ verdict: "no-data", sentence: "checkout: no series of r2" });
    expect((await tale.over()).deployment?.cause?.kind).toBe("too-little-data");
  });

  test("is a provider's error where nobody can ask for it", async () => {
    const tale = await begin(null);
    await tale.step();
    expect(checkout(tale)).toMatchObject({ verdict: "provider-error" });
    expect(checkout(tale)?.sentence).toContain("need a control plane");
  });

  test("is asked for anew by the next engine; what was measured stays", async () => {
    const source = new Checkout(equal);
    const tale = await begin(source);
    await tale.pass(10_000);
    const before = checkout(tale)?.canary.total ?? 0;
    tale.world.diesAt = tale.world.passages + 1;
    await tale.step();
    await tale.pass(500);
    expect(tale.world.deaths).toBe(1);
    expect(source.closed).toBe(1);
    expect(source.subjects).toHaveLength(2);
    expect(before).toBeGreaterThan(500);
    expect(checkout(tale)?.canary.total).toBeGreaterThanOrEqual(before);
  });
});

describe("between deployments", () => {
  test("counts are read now and then, so that the next one has a history", async () => {
    const tale = await Tale.begin();
    await tale.deploy("v1", checked("1"));
    await tale.over();
    const from = tale.world.now;
    await tale.pass(60_000);
    const seconds = new Set([...tale.world.series.blocks.values()].map(({ at }) => at).filter((at) => at > from));
    expect(seconds.size).toBeGreaterThanOrEqual(49);
    const { passages } = tale.world;
    await tale.pass(5_000);
    // Fifty looks at the target, and a reading at most.
    expect(tale.world.passages - passages).toBeLessThanOrEqual(2 * 50 + 4);
  });

  test("nothing is read where nobody listens", async () => {
    const tale = await Tale.begin();
    await tale.deploy(
      "v1",
      canary("1", {
        listen: null,
        strategy: { kind: "rolling", maxSurge: 1, maxUnavailable: 0, observeMs: 0 },
        guards: [],
      }),
    );
    await tale.over();
    const { size } = tale.world.series.blocks;
    await tale.pass(60_000);
    expect(tale.world.series.blocks.size).toBe(size);
  });
});
