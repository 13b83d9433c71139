import { Random } from "./random.js";
import type { Column, Trace } from "./trace.js";

/**
 * Traffic that real services have, after the calibration that the method comes from: `independent` requests; `incidents`
 * that hit everybody (x5 to x50, every 10 minutes, a minute long on average); `icc-*`: beta-binomial seconds with that
 * intra-class correlation; `ar-*`: the log of each replica's rate is an AR(1) of standard deviation 1 (0.5 for `ar-20-mild`)
 * with that time constant; `burst-*`: each replica's rate is x20 for so long on average, every 10 minutes on average;
 * `diurnal`: rate x16 from trough to peak and traffic x2.6 within the hour; `ramp`: the same while the canary's share rises.
 */
export const TRACES = [
  "independent",
  "incidents",
  "icc-0.01",
  "icc-0.05",
  "icc-0.2",
  "ar-20",
  "ar-20-mild",
  "ar-120",
  "burst-10",
  "burst-60",
  "diurnal",
  "ramp",
] as const;
export type TraceName = (typeof TRACES)[number];

/** Dependence that lasts about as long as a decision takes; nobody separates it from a regression that comes and goes. */
export const LONG: ReadonlySet<TraceName> = new Set(["ar-120", "burst-60"]);

export interface TraceOptions {
  /** Share of bad requests of stable: on average, but for what hits everybody, which comes on top. */
  readonly base: number;
  /** The canary's own average share, or how much more than stable's it is; absent: the same. */
  readonly harm?: { readonly badRate: number } | { readonly delta: number };
  readonly seed: number;
  readonly history?: number;
  readonly seconds?: number;
  readonly requestsPerSecond?: number;
  readonly canaryShare?: number;
  readonly stableReplicas?: number;
}

const RAMP = [0.01, 0.05, 0.1, 0.25, 0.5];
/** Mean seconds between bursts of one replica, and between incidents. */
const GAP = 600;
const BURST = 20;

export function makeTrace(name: TraceName, options: TraceOptions): Trace {
  const { base, seed, history = 3_600, seconds = 3_600, requestsPerSecond = 200, canaryShare = 0.1 } = options;
  const count = options.stableReplicas ?? 2;
  const random = new Random(seed);
  const all = history + seconds;
  const shared = sharedRate(name, random, all, history);
  const traffic = trafficOf(name, all, history, requestsPerSecond);
  const share = (at: number) => {
    if (at < history) return 0;
    if (name !== "ramp") return canaryShare;
    return RAMP[Math.min(RAMP.length - 1, Math.floor(((at - history) * RAMP.length) / seconds))] ?? 0.5;
  };
  const canaryRate = (p: number, own: number) => {
    const { harm } = options;
    if (harm === undefined) return p * own;
    if ("badRate" in harm) return harm.badRate * (p / base) * own;
    // A difference in absolute terms stays what it is while something outside changes everybody's rate.
    return own === 1 ? p + harm.delta : (p / base) * own * (base + harm.delta);
  };
  const column = (of: "stable" | "canary"): Column => {
    const total = new Uint16Array(all);
    const bad = new Uint16Array(all);
    const own = ownRate(name, random, all);
    const icc = /^icc-(.*)$/.exec(name)?.[1];
    for (let at = 0; at < all; at++) {
      const mine = share(at);
      const n = Math.round((traffic[at] ?? 0) * (of === "canary" ? mine : (1 - mine) / count));
      const p = base * (shared[at] ?? 1);
      const rate = Math.min(1, of === "canary" ? canaryRate(p, own[at] ?? 1) : p * (own[at] ?? 1));
      total[at] = n;
      bad[at] = random.binomial(n, icc === undefined ? rate : clustered(random, rate, Number(icc)));
    }
    return { total, bad };
  };
  const stable = Array.from({ length: count }, () => column("stable"));
  return { name, seed, history, seconds, stable, canary: [column("canary")] };
}

function clustered(random: Random, rate: number, icc: number): number {
  const strength = (1 - icc) / icc;
  return rate >= 1 ? 1 : random.beta(rate * strength, (1 - rate) * strength);
}

function trafficOf(name: TraceName, all: number, history: number, requestsPerSecond: number): Float64Array {
  const swing = name === "diurnal" || name === "ramp" ? Math.log(2.6) / 2 : 0;
  return new Float64Array(all).map((_, at) => requestsPerSecond * Math.exp(swing * wave(at - history)));
}

function wave(second: number): number {
  return Math.sin((2 * Math.PI * second) / 3_600);
}

/** What hits all replicas alike: a factor for each second. */
function sharedRate(name: TraceName, random: Random, all: number, history: number): Float64Array {
  const rate = new Float64Array(all).fill(1);
  if (name === "diurnal" || name === "ramp") {
    const swing = Math.log(16) / 2;
    return rate.map((_, at) => Math.exp(swing * wave(at - history)));
  }
  if (name !== "incidents") return rate;
  for (let at = random.exponential(GAP); at < all; at += random.exponential(GAP)) {
    const end = at + random.exponential(60);
    const factor = 5 * 10 ** random.uniform();
    for (; at < Math.min(end, all); at++) rate[Math.floor(at)] = factor;
  }
  return rate;
}

/** What hits one replica alone. */
function ownRate(name: TraceName, random: Random, all: number): Float64Array {
  const rate = new Float64Array(all).fill(1);
  const ar = { "ar-20": [1, 20], "ar-20-mild": [0.5, 20], "ar-120": [1, 120] }[name as string];
  if (ar !== undefined) {
    const [sd = 1, seconds = 20] = ar;
    const keep = Math.exp(-1 / seconds);
    const fresh = Math.sqrt(1 - keep * keep);
    let z = random.normal();
    for (let at = 0; at < all; at++) {
      rate[at] = Math.exp(sd * z - (sd * sd) / 2);
      z = keep * z + fresh * random.normal();
    }
  }
  if (name === "burst-10" || name === "burst-60") {
    const length = name === "burst-10" ? 10 : 60;
    // The base rate is the average, bursts included.
    const calm = 1 / (1 + (BURST - 1) * (length / (GAP + length)));
    rate.fill(calm);
    for (let at = random.exponential(GAP); at < all; at += random.exponential(GAP)) {
      const end = at + random.exponential(length);
      for (; at < Math.min(end, all); at++) rate[Math.floor(at)] = BURST * calm;
    }
  }
  return rate;
}
