import { Comparison } from "../src/core/analysis/comparison.js";
import type { SignalSecond } from "../src/core/analysis/second.js";
import { rehearse } from "../src/simulate/rehearsal.js";
import { OURS } from "./analysis/ours.js";
import { makeTrace } from "./analysis/traces.js";
import { SERVICE, versionOf } from "./installation/system.js";
import type { BenchResult } from "./result.js";
import { numbers } from "./table/options.js";
import { figure, spreadHead, spreadOf, spreadRow } from "./table/spread.js";

const DEFAULTS = { samples: 30, seed: 50_000_000 };
const WARM_UP = 5;

/** What a verdict costs: one second of one signal, and a whole rollout by the engine on the virtual clock. */
export async function run(): Promise<BenchResult> {
  const { samples, seed } = numbers(DEFAULTS);
  const updates = Array.from({ length: samples + WARM_UP }, (_, n) => microsecondsPerUpdate(seed + n)).slice(WARM_UP);
  const hours: number[] = [];
  for (let n = 0; n < samples + WARM_UP; n++) hours.push(await msPerSimulatedHour(seed + n));
  const rollouts = hours.slice(WARM_UP);
  const figures = {
    microsecondsPerUpdate: figure(spreadOf(updates).median, 3),
    msPerSimulatedHour: figure(spreadOf(rollouts).median),
  };
  return {
    name: "verdict-cost",
    figures,
    reached: figures.microsecondsPerUpdate <= 1 && figures.msPerSimulatedHour <= 50,
    lines: [
      `an hour of independent traffic at 200 requests/s, 10 % canary, base 0.1 %; two replicas of stable, one of the canary; seeds from ${seed}`,
      spreadHead("one sample: an hour"),
      spreadRow("µs for an update of a signal with its verdict", updates, 3),
      spreadRow("ms for a rehearsed hour of a rollout, with its history", rollouts, 1),
      "a rehearsed rollout: one stage of an hour, the signals `errors` and `slow`, the engine with its ledger in memory, an hour of history",
    ],
  };
}

function microsecondsPerUpdate(seed: number): number {
  const trace = makeTrace("independent", { base: 0.001, seed });
  const seconds = Array.from({ length: trace.history + trace.seconds }, (_, i): SignalSecond => {
    const counts = (group: string) => (column: (typeof trace.stable)[number], r: number) => ({
      replica: `${group}${r}`,
      bad: column.bad[i] ?? 0,
      total: column.total[i] ?? 0,
    });
    return { at: i * 1_000, stable: trace.stable.map(counts("s")), canary: trace.canary.map(counts("c")) };
  });
  const comparison = new Comparison({ signal: "errors", ...OURS });
  for (const second of seconds.slice(0, trace.history)) comparison.learn(second);
  const rollout = seconds.slice(trace.history);
  let failed = 0;
  const begin = performance.now();
  for (const second of rollout) {
    comparison.update(second);
    if (comparison.verdict === "fail") failed++;
  }
  const elapsed = performance.now() - begin;
  if (failed > rollout.length) throw new Error("more verdicts than seconds");
  return (elapsed * 1_000) / rollout.length;
}

async function msPerSimulatedHour(seed: number): Promise<number> {
  const { environment } = versionOf({
    label: "bench",
    port: 8080,
    strategy: { kind: "canary", stages: [{ share: 10, time: { min: "1h", max: "1h" } }], keepOld: "0s" },
    guards: [],
    analysis: {},
  });
  const begin = performance.now();
  const { totalMs } = await rehearse({
    environment,
    service: SERVICE,
    traffic: {
      requestsPerSecond: 200,
      base: { errors: 0.001, slow: 0.01 },
      harm: { errors: 0, slow: 0 },
      burstMs: null,
    },
    seed,
  });
  // All of it, also the hour of history, is on the account of the rollout.
  return ((performance.now() - begin) * 3_600_000) / totalMs;
}
