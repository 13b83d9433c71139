import { type ComparisonFacts, percent, points, rate } from "./describe.js";

/** Beyond this a forecast is no help. */
const FAR_SECONDS = 48 * 3_600;
/** Excesses that a forecast tries, as shares of requests. */
const EXCESSES = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5];

/** What it would take to decide, as a sentence: at the traffic and rates seen so far. */
export function outlook(facts: ComparisonFacts): string {
  const { verdict, elapsed, canary, stable, objective } = facts;
  if (verdict === "fail") return "decided";
  if (canary.total === 0) return "no request reached the new group yet";
  if (stable?.total === 0) return "both groups need requests in the same span of time";
  const per = 1 / elapsed;
  const n2 = canary.total * per;
  const n1 = stable === null ? n2 * 1e6 : stable.total * per;
  const base = Math.max(stable === null ? (objective ?? 0) : rate(stable), 0.5 / Math.max(1, n1 * elapsed));
  const found = smallestFound(facts, n1, n2, base);
  const harm =
    found === null ? "harm is not found within an hour" : `harm of ${points(found)} more would be found within an hour`;
  if (verdict === "pass") return `passed; ${harm}`;
  const won = bestGrowth(facts.ratios.pass, n1, n2, base, rate(canary), facts.margin.pass);
  const growth = Math.min(won, facts.fastest);
  const left = facts.needed.pass - facts.evidence.pass;
  const pass =
    growth <= 0 || left / growth > FAR_SECONDS
      ? `at ${percent(rate(canary))} it does not pass`
      : `a pass takes about ${span(left / growth)} more at this traffic`;
  return `${pass}; ${harm}`;
}

/** The smallest excess over stable that a further hour would find. */
function smallestFound(facts: ComparisonFacts, n1: number, n2: number, base: number): number | null {
  for (const excess of EXCESSES) {
    if (excess <= facts.margin.fail) continue;
    const growth = bestGrowth(facts.ratios.fail, n1, n2, base, Math.min(1, base + excess), facts.margin.fail);
    if (growth * 3_600 >= facts.needed.fail) return excess;
  }
  return null;
}

/** Expected growth of the error race per second with the ratio that suits best, in nats. */
export function bestGrowth(
  ratios: readonly number[],
  n1: number,
  n2: number,
  p1: number,
  p2: number,
  margin: number,
): number {
  let best = 0;
  for (const w of ratios) {
    const r = (n1 + n2) / (n1 + n2 * w);
    const u = w * r;
    best = Math.max(best, n2 * p2 * Math.log(u) + n1 * p1 * Math.log(r) - n2 * (u - 1) * margin);
  }
  return best;
}

function span(seconds: number): string {
  if (seconds < 90) return `${Math.max(1, Math.ceil(seconds))} s`;
  if (seconds < 5_400) return `${Math.ceil(seconds / 60)} min`;
  return `${Number((seconds / 3_600).toFixed(1))} h`;
}
