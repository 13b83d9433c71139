import type { ComparisonEvidence, SignalCounts, SignalJudgement, Verdict } from "../model/judgement.js";
import { Account, type AccountSnapshot } from "./account.js";
import { describeComparison } from "./describe.js";
import { differenceInterval, rateInterval } from "./interval.js";
import { outlook } from "./outlook.js";
import { Placebo, type PlaceboSnapshot } from "./placebo.js";
import { ErrorRace, type RaceSnapshot } from "./race.js";
import type { ReplicaCounts, SignalSecond } from "./second.js";
import { surcharge } from "./surcharge.js";
import { Tally } from "./tally.js";

/** Ratios of rates that the two tests bet on; calibrated with what is below, see docs/benchmarks.md. */
const WORSE = [1.3, 1.7, 2.5, 5, 12, 50];
const NOT_WORSE = [0.02, 0.1, 0.25, 0.5, 0.75, 0.9];
const FAIL = {
  windowMs: 3_000,
  longMs: 60_000,
  windows: 2,
  slopes: { steep: 16, flat: 6, unlearned: { most: 6, risesMs: 120_000 } },
} as const;
const PASS = {
  windowMs: 20_000,
  longMs: 240_000,
  windows: 3,
  slopes: { steep: 11, flat: 2, unlearned: { most: 1, risesMs: 0 } },
} as const;
/** Of the intervals in the picture. */
const INTERVAL_LEVEL = 0.05;
const KNOWN = { beyondChance: 0, learnedMs: Number.POSITIVE_INFINITY };
/** Times as many requests as the canary's. */
const ENDLESS = 1e6;
/** How quickly the sizes of the groups are followed, per second with requests. */
const FOLLOW = 1 / 30;

export interface ComparisonSettings {
  readonly signal: string;
  readonly level: { readonly fail: number; readonly pass: number };
  readonly margin: { readonly fail: number; readonly pass: number };
  /** Share of bad requests to compare with where there is no stable group; null or absent: stable is compared with. */
  readonly objective?: number | null;
}

/** Plain JSON. */
export interface ComparisonSnapshot {
  readonly tests: { readonly fail: RaceSnapshot; readonly pass: RaceSnapshot };
  readonly accounts: { readonly fail: AccountSnapshot; readonly pass: AccountSnapshot };
  readonly placebo: PlaceboSnapshot;
  readonly canary: SignalCounts;
  readonly stable: SignalCounts;
  readonly replicas: readonly { readonly replica: string; readonly bad: number; readonly total: number }[];
  readonly size: number | null;
  readonly seconds: number;
  readonly span: { readonly from: number; readonly to: number } | null;
}

/**
 * One signal of a canary against stable, second by second: is it worse by more than a margin (fail), is it proved to be
 * worse by less than one (pass)? O(1) memory; may be asked after every second (anytime-valid). Mutable, without clock.
 */
export class Comparison {
  readonly #fail: ErrorRace;
  readonly #pass: ErrorRace;
  readonly #failed: Account;
  readonly #passed: Account;
  readonly #placebo: Placebo;
  readonly #tally: Tally;
  /** The canary's requests for each one of a stable replica, by replicas, followed slowly: one thin second must not count. */
  #size: number | null = null;

  constructor(
    readonly settings: ComparisonSettings,
    from: ComparisonSnapshot | null = null,
  ) {
    const { level, margin } = settings;
    const worse = { ratios: WORSE, margin: margin.fail, share: 0.002 };
    const notWorse = { ratios: NOT_WORSE, margin: margin.pass, share: 0 };
    const failing = { ...FAIL, needed: -Math.log(level.fail) };
    const passing = { ...PASS, needed: -Math.log(level.pass) };
    this.#fail = from === null ? new ErrorRace(worse) : ErrorRace.restore(worse, from.tests.fail);
    this.#pass = from === null ? new ErrorRace(notWorse) : ErrorRace.restore(notWorse, from.tests.pass);
    this.#failed = from === null ? new Account(failing) : Account.restore(failing, from.accounts.fail);
    this.#passed = from === null ? new Account(passing) : Account.restore(passing, from.accounts.pass);
    this.#placebo = from === null ? new Placebo(worse) : Placebo.restore(worse, from.placebo);
    this.#tally = new Tally(from);
    this.#size = from?.size ?? null;
  }

  static restore(settings: ComparisonSettings, snapshot: ComparisonSnapshot): Comparison {
    return new Comparison(settings, snapshot);
  }

  snapshot(): ComparisonSnapshot {
    return {
      tests: { fail: this.#fail.snapshot(), pass: this.#pass.snapshot() },
      accounts: { fail: this.#failed.snapshot(), pass: this.#passed.snapshot() },
      placebo: this.#placebo.snapshot(),
      ...this.#tally.snapshot(),
      size: this.#size,
    };
  }

  /** A second before the canary got requests: what stable's replicas are like among themselves. */
  learn({ at, stable }: SignalSecond): void {
    this.#placebo.update(at, stable, sum(stable, "bad"), sum(stable, "total"));
  }

  update({ at, stable, canary }: SignalSecond): void {
    const k1 = sum(stable, "bad");
    const n1 = sum(stable, "total");
    const k2 = sum(canary, "bad");
    const n2 = sum(canary, "total");
    this.#tally.add(at, k1, n1, k2, n2, canary);
    this.#placebo.update(at, stable, k1, n1);
    this.#follow(n2, canary.length, n1, stable.length);
    const known = this.settings.objective ?? null;
    if (known === null && n1 + n2 === 0) return;
    // An objective is what a person allows, bursts included: nothing is charged for them.
    const { beyondChance, learnedMs } = known === null ? this.#placebo : KNOWN;
    const experience = { learnedMs, exposedMs: this.#tally.elapsed * 1_000 };
    const size = this.#size ?? 1;
    // A rate that is known is a stable group with endless requests: the race without its first half.
    const nn = known === null ? n1 : n2 * ENDLESS;
    const kk = known === null ? k1 : nn * known;
    this.#failed.add(at, this.#fail.update(at, kk, nn, k2, n2), surcharge(beyondChance, size, experience, FAIL.slopes));
    this.#passed.add(at, this.#pass.update(at, kk, nn, k2, n2), surcharge(beyondChance, size, experience, PASS.slopes));
  }

  /** Whether there was ever something to compare with. */
  get sawStable(): boolean {
    return this.#tally.stable.total > 0;
  }

  /** Whether each test ever decided; `verdict` lets `fail` beat `pass`. */
  get decided(): { readonly fail: boolean; readonly pass: boolean } {
    return { fail: this.#failed.reachedAt !== null, pass: this.#passed.reachedAt !== null };
  }

  /** The verdict so far; one that was reached stays, and `fail` beats `pass`. */
  get verdict(): Verdict {
    if (this.#failed.reachedAt !== null) return "fail";
    if (this.#passed.reachedAt !== null) return "pass";
    return this.#tally.canary.total === 0 ? "no-data" : "inconclusive";
  }

  judge(
    about: { readonly slowerThanMs?: number | null; readonly warmUp?: ComparisonEvidence["warmUp"] } = {},
  ): SignalJudgement {
    const { level, margin, signal, objective = null } = this.settings;
    const { canary, seconds, elapsed } = this.#tally;
    const stable = objective === null ? this.#tally.stable : null;
    const discount = this.#failed.needed / -Math.log(level.fail);
    const facts = {
      signal,
      verdict: this.verdict,
      canary,
      stable,
      objective,
      margin,
      elapsed,
      size: this.#size,
      worst: this.#tally.worstReplica(),
      slowerThanMs: about.slowerThanMs ?? null,
      warmUp: about.warmUp ?? { ms: 0, requests: 0 },
      evidence: { fail: this.#failed.evidence, pass: this.#passed.evidence },
      needed: { fail: this.#failed.needed, pass: this.#passed.needed },
      ratios: { fail: WORSE, pass: NOT_WORSE },
      fastest: this.#passed.fastest,
    };
    const rates = {
      canary: rateInterval(canary, INTERVAL_LEVEL, discount),
      stable: stable === null ? null : rateInterval(stable, INTERVAL_LEVEL, discount),
      difference: stable === null ? null : differenceInterval(canary, stable, INTERVAL_LEVEL, discount),
    };
    return {
      signal,
      verdict: facts.verdict,
      canary,
      stable,
      sentence: describeComparison(facts),
      comparison: {
        level,
        margin,
        evidence: facts.evidence,
        needed: facts.needed,
        rates,
        seconds,
        warmUp: facts.warmUp,
        discount,
        slowerThanMs: facts.slowerThanMs,
        outlook: outlook(facts),
      },
    };
  }

  /**
   * What hits one replica alone hits a part of a canary of several: the evidence that this brings grows with the root of
   * their number only.
   */
  #follow(n2: number, canaries: number, n1: number, stables: number): void {
    if (n1 === 0 || stables === 0) return;
    const size = (n2 * stables) / (n1 * Math.sqrt(Math.max(1, canaries)));
    this.#size = this.#size === null ? size : this.#size + FOLLOW * (size - this.#size);
  }
}

function sum(counts: readonly ReplicaCounts[], field: "bad" | "total"): number {
  let all = 0;
  for (let i = 0; i < counts.length; i++) all += (counts[i] as ReplicaCounts)[field];
  return all;
}
