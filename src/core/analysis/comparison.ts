import type { SignalCounts, SignalJudgement } from "../model/judgement.js";
import type { SignalSecond } from "./second.js";

export interface ComparisonSettings {
  readonly signal: string;
  readonly level: { readonly fail: number; readonly pass: number };
  readonly margin: { readonly fail: number; readonly pass: number };
  readonly slowerThanMs?: number | null;
}

/** Plain JSON. */
export interface ComparisonSnapshot {
  readonly evidence: { readonly fail: number; readonly pass: number };
  readonly verdict: "fail" | "pass" | "inconclusive" | "no-data";
  readonly canary: SignalCounts;
  readonly stable: SignalCounts;
}

/** One signal of a canary against stable, second by second, in O(1) memory. */
export class Comparison {
  #fail = 0;
  #pass = 0;
  #bad = { canary: 0, stable: 0 };
  #total = { canary: 0, stable: 0 };

  constructor(readonly settings: ComparisonSettings) {}

  static restore(settings: ComparisonSettings, snapshot: ComparisonSnapshot): Comparison {
    const comparison = new Comparison(settings);
    comparison.#fail = snapshot.evidence.fail;
    comparison.#pass = snapshot.evidence.pass;
    comparison.#bad = { canary: snapshot.canary.bad, stable: snapshot.stable.bad };
    comparison.#total = { canary: snapshot.canary.total, stable: snapshot.stable.total };
    return comparison;
  }

  /** A second before the canary got requests: what stable's replicas are like by themselves. */
  learn(_second: SignalSecond): void {}

  update(second: SignalSecond): void {
    const n1 = sum(second.stable, "total");
    const n2 = sum(second.canary, "total");
    const k1 = sum(second.stable, "bad");
    const k2 = sum(second.canary, "bad");
    this.#bad = { canary: this.#bad.canary + k2, stable: this.#bad.stable + k1 };
    this.#total = { canary: this.#total.canary + n2, stable: this.#total.stable + n1 };
    if (n1 === 0 || n2 === 0) return;
    const { margin } = this.settings;
    this.#fail += race(k1, n1, k2, n2, 5, margin.fail);
    this.#pass += race(k1, n1, k2, n2, 0.25, margin.pass);
  }

  snapshot(): ComparisonSnapshot {
    return {
      evidence: { fail: this.#fail, pass: this.#pass },
      verdict: "inconclusive",
      canary: { bad: this.#bad.canary, total: this.#total.canary },
      stable: { bad: this.#bad.stable, total: this.#total.stable },
    };
  }

  judge(): SignalJudgement {
    const { level, margin, signal } = this.settings;
    const needed = { fail: -Math.log(level.fail), pass: -Math.log(level.pass) };
    const verdict = this.#fail >= needed.fail ? "fail" : this.#pass >= needed.pass ? "pass" : "inconclusive";
    const canary = { bad: this.#bad.canary, total: this.#total.canary };
    const stable = { bad: this.#bad.stable, total: this.#total.stable };
    return {
      signal,
      verdict: canary.total === 0 ? "no-data" : verdict,
      canary,
      stable,
      sentence: `${signal}: ${canary.bad} of ${canary.total}, stable ${stable.bad} of ${stable.total}`,
      comparison: {
        level,
        margin,
        evidence: { fail: this.#fail, pass: this.#pass },
        needed,
        rates: { stable: { low: 0, high: 1 }, canary: { low: 0, high: 1 }, difference: { low: -1, high: 1 } },
        seconds: 0,
        warmUp: { ms: 0, requests: 0 },
        discount: 1,
        slowerThanMs: this.settings.slowerThanMs ?? null,
        outlook: "",
      },
    };
  }
}

function race(k1: number, n1: number, k2: number, n2: number, w: number, delta: number): number {
  const u = (w * (n1 + n2)) / (n1 + n2 * w);
  const r = (n1 + n2) / (n1 + n2 * w);
  return k2 * Math.log(u) + k1 * Math.log(r) - n2 * (u - 1) * delta;
}

function sum(counts: readonly SignalCounts[], field: "bad" | "total"): number {
  let all = 0;
  for (const one of counts) all += one[field];
  return all;
}
