import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ReplicaCounts } from "../../src/core/analysis/second.js";
import type { Measurement, ProbeSubject, SignalProbe, SignalProvider } from "../../src/ports/signal-provider.js";
import type { CompiledSource } from "../../src/spec/compiled.js";

export const STABLE = "r1";
export const CANARY = "r2";
export const EVERY_MS = 5_000;
export const STALE_MS = 30_000;

export interface Served {
  readonly bad: number;
  readonly total: number;
}

/** A service whose requests are counted by somebody else, and that somebody as the provider sees it. */
export interface SignalWorld {
  readonly provider: SignalProvider;
  readonly source: CompiledSource;
  /** Engine time; the world's wall clock goes along. */
  now: number;
  /** A group that serves nothing yet, as its source knows it. */
  start(group: string): Promise<void>;
  serve(group: string, served: Served): Promise<void>;
  /** The group's process ends and begins anew. */
  restart(group: string): Promise<void>;
  /** The source cannot be reached, or is silent, until `back`. */
  away(): Promise<void>;
  back(): Promise<void>;
  /** The source takes a question and never answers. */
  hang(): Promise<void>;
  end(): Promise<void>;
}

/** What a kind of source cannot be asked to do. */
export interface Limits {
  /** A command always measures: it cannot know nothing, and it has no counters. */
  readonly measuresAnew?: boolean;
  /** Nobody asks: what is silent cannot hang. */
  readonly listens?: boolean;
}

export function sum(replicas: readonly ReplicaCounts[]): Served {
  return {
    bad: replicas.reduce((all, { bad }) => all + bad, 0),
    total: replicas.reduce((all, { total }) => all + total, 0),
  };
}

export function subjectOf(source: CompiledSource, stable: string | null = STABLE): ProbeSubject {
  const signal = { name: "orders", margin: { fail: 0, pass: 0.005 }, objective: null, source };
  return { environment: "shop/production", service: "web", signal, stable, canary: CANARY };
}

/** What every source of signals must do, as stories. */
export function signalProviderContract(name: string, begin: () => Promise<SignalWorld>, limits: Limits = {}): void {
  const { measuresAnew = false, listens = false } = limits;

  describe(`${name} keeps the contract of a source of signals`, () => {
    let world: SignalWorld;
    let probe: SignalProbe;
    const never = new AbortController().signal;

    const look = (on = probe): Promise<Measurement> => {
      world.now += EVERY_MS;
      return on.measure(world.now, never);
    };
    const counts = async (on = probe): Promise<{ stable: Served; canary: Served; at: number }> => {
      const measured = await look(on);
      if (measured.kind !== "data") throw new Error(`${measured.kind}: ${measured.sentence}`);
      expect(measured.intervals).toHaveLength(1);
      const [{ stable, canary, at } = { stable: [], canary: [], at: 0 }] = measured.intervals;
      return { stable: sum(stable), canary: sum(canary), at };
    };
    const bothRun = async (): Promise<void> => {
      await world.start(STABLE);
      await world.start(CANARY);
      expect(await look()).toMatchObject({ kind: "data" });
    };

    beforeEach(async () => {
      world = await begin();
      probe = world.provider.begin(subjectOf(world.source));
    });
    afterEach(async () => {
      await probe.close();
      await world.end();
    });

    it("counts what was bad and what there was in all, of both groups, each request once", async () => {
      await bothRun();
      await world.serve(STABLE, { bad: 1, total: 100 });
      await world.serve(CANARY, { bad: 3, total: 10 });
      expect(await counts()).toMatchObject({ stable: { bad: 1, total: 100 }, canary: { bad: 3, total: 10 } });
      await world.serve(STABLE, { bad: 0, total: 50 });
      await world.serve(CANARY, { bad: 0, total: 5 });
      expect(await counts()).toMatchObject({ stable: { bad: 0, total: 50 }, canary: { bad: 0, total: 5 } });
    });

    it("says nothing bad of a service that nobody asks for anything", async () => {
      await bothRun();
      await world.serve(STABLE, { bad: 0, total: 0 });
      await world.serve(CANARY, { bad: 0, total: 0 });
      expect(await counts()).toMatchObject({ stable: { bad: 0, total: 0 }, canary: { bad: 0, total: 0 } });
    });

    it("gives intervals that begin one after the other, and none for a moment that was looked at already", async () => {
      await bothRun();
      const begins: number[] = [];
      for (let round = 0; round < 3; round += 1) {
        await world.serve(STABLE, { bad: 0, total: 1 });
        await world.serve(CANARY, { bad: 0, total: 1 });
        begins.push((await counts()).at);
      }
      expect(begins).toEqual([...new Set(begins)].sort((a, b) => a - b));
      expect(await probe.measure(world.now, never)).toEqual({ kind: "data", intervals: [] });
    });

    it("measures the new group alone where there is nothing to compare it with", async () => {
      const alone = world.provider.begin(subjectOf(world.source, null));
      await world.start(STABLE);
      await world.start(CANARY);
      await look(alone);
      await world.serve(STABLE, { bad: 9, total: 9 });
      await world.serve(CANARY, { bad: 1, total: 2 });
      expect(await counts(alone)).toMatchObject({ stable: { bad: 0, total: 0 }, canary: { bad: 1, total: 2 } });
      await alone.close();
    });

    if (!measuresAnew)
      it("says that there is no data while it knows nothing of the new group", async () => {
        await world.start(STABLE);
        await world.serve(STABLE, { bad: 0, total: 10 });
        expect(await look()).toEqual({ kind: "no-data", sentence: expect.stringContaining("the new group r2") });
      });

    if (!measuresAnew)
      it("counts from zero what began anew", async () => {
        await bothRun();
        await world.serve(STABLE, { bad: 0, total: 10 });
        await world.serve(CANARY, { bad: 5, total: 40 });
        await counts();
        await world.restart(CANARY);
        await world.serve(STABLE, { bad: 0, total: 10 });
        await world.serve(CANARY, { bad: 2, total: 7 });
        expect(await counts()).toMatchObject({ stable: { bad: 0, total: 10 }, canary: { bad: 2, total: 7 } });
      });

    it("says that there is no answer while the source is away, which is neither good nor bad, and loses nothing", async () => {
      await bothRun();
      await world.away();
      expect(await look()).toEqual({ kind: "no-answer", sentence: expect.any(String) });
      await world.serve(STABLE, { bad: 1, total: 30 });
      await world.serve(CANARY, { bad: 2, total: 20 });
      await world.back();
      expect(await counts()).toMatchObject({ stable: { bad: 1, total: 30 }, canary: { bad: 2, total: 20 } });
    });

    if (!listens)
      it("gives up a source that takes the question and never answers", async () => {
        await bothRun();
        await world.hang();
        expect(await look()).toEqual({ kind: "no-answer", sentence: expect.stringMatching(/^no answer within /) });
      });

    if (!listens)
      it("stops when it is told to, in the middle of a look", async () => {
        await bothRun();
        await world.hang();
        const told = new AbortController();
        world.now += EVERY_MS;
        const stopped = probe.measure(world.now, told.signal);
        told.abort();
        expect(await stopped).toEqual({ kind: "no-answer", sentence: "the measurement was stopped" });
      });

    it("answers nothing more once it is closed", async () => {
      await bothRun();
      await probe.close();
      expect(await look()).toEqual({ kind: "no-answer", sentence: "the measurement was stopped" });
    });
  });
}
