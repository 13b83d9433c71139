import type { ComparisonEvidence, SignalJudgement, Verdict } from "../../core/model/judgement.js";
import {
  believed,
  deciding,
  discountOf,
  interval,
  neededOdds,
  odds,
  percent,
  rateOf,
  signed,
  whole,
} from "../../report/words.js";
import type { Style } from "./style.js";
import { align, duration, plural, printable } from "./text.js";

/** The verdict on one signal, and the sentence that says what was compared with what. */
export function signalLine({ signal, verdict, sentence }: SignalJudgement, style: Style): string {
  const about = sentence.includes(signal) ? sentence : `${signal}: ${sentence}`;
  return `${verdictText(verdict, style)} ${printable(about)}`;
}

export function verdictText(verdict: Verdict, style: Style): string {
  switch (verdict) {
    case "pass":
      return style.green(`${style.ok} pass`);
    case "fail":
      return style.red(`${style.bad} fail`);
    case "inconclusive":
    case "no-data":
    case "provider-error":
      return style.yellow(`${style.open} ${verdict}`);
  }
}

/** The evidence in short, for `status`: a guard has none beside its sentence. */
export function shortEvidence(judgement: SignalJudgement, style: Style): readonly string[] {
  const { comparison, canary } = judgement;
  if (comparison === undefined || canary.total === 0) return [];
  const { rates } = comparison;
  const beside =
    judgement.stable === null || rates.stable === null
      ? ""
      : `, stable ${percent(rateOf(judgement.stable))} (${interval(rates.stable)})`;
  const tests = [
    `evidence of harm ${odds(believed(comparison, "fail"))} (${decides(comparison, "fail")})`,
    `of no harm ${odds(believed(comparison, "pass"))} (${decides(comparison, "pass")})`,
  ];
  const aside = asides(comparison);
  return [
    `new ${percent(rateOf(canary))} (${interval(rates.canary)})${beside}; ${marginText(comparison)}`,
    tests.join(", "),
    [printable(comparison.outlook), ...aside].join("; "),
  ].map((line) => style.dim(line));
}

/** All of it, for `why`. */
export function wholeEvidence(judgement: SignalJudgement, style: Style): readonly string[] {
  const { comparison, canary, stable } = judgement;
  if (comparison === undefined || canary.total === 0) return [];
  const { rates, level } = comparison;
  const counted = (bad: number, total: number) => `${whole(bad)} of ${whole(total)}`;
  const rows = [
    ["new", `${counted(canary.bad, canary.total)}, ${percent(rateOf(canary))} (${interval(rates.canary)})`],
    ...(stable === null || rates.stable === null
      ? []
      : [["stable", `${counted(stable.bad, stable.total)}, ${percent(rateOf(stable))} (${interval(rates.stable)})`]]),
    ["difference", `${differenceText(judgement, comparison)}${marginText(comparison)}`],
    [
      "harm",
      `evidence ${odds(believed(comparison, "fail"))}; ${decides(comparison, "fail")} (false alarms ${percent(level.fail)})`,
    ],
    [
      "no harm",
      `evidence ${odds(believed(comparison, "pass"))}; ${decides(comparison, "pass")} (false passes ${percent(level.pass)})`,
    ],
    ["compared", [`${plural(comparison.seconds, "second")} with requests to both`, ...asides(comparison)].join("; ")],
    ["outlook", printable(comparison.outlook)],
  ];
  return align(rows.map(([name = "", value = ""]) => [style.dim(name), value]));
}

function decides(comparison: ComparisonEvidence, test: "fail" | "pass"): string {
  return `${neededOdds(deciding(comparison, test))} decides`;
}

function differenceText({ stable, canary }: SignalJudgement, { rates }: ComparisonEvidence): string {
  if (rates.difference === null || stable === null) return "nothing to compare with; ";
  const { low, high } = rates.difference;
  return `${signed(rateOf(canary) - rateOf(stable))} points (${signed(low)} to ${signed(high)}); `;
}

function marginText({ margin, rates }: ComparisonEvidence): string {
  if (rates.difference === null) return `fails above ${signed(margin.fail)} points over the objective`;
  return `fails above ${signed(margin.fail)} points, passes below ${signed(margin.pass)}`;
}

/** What was left out, and what counts less than it seems to. */
function asides(comparison: ComparisonEvidence): readonly string[] {
  const { warmUp } = comparison;
  const discount = discountOf(comparison);
  return [
    ...(warmUp.requests === 0
      ? []
      : [`${plural(warmUp.requests, "request")} of the first ${duration(warmUp.ms)} left out: warm-up`]),
    ...(discount === null ? [] : [`${discount} requests count as one: traffic bursts, or is little known yet`]),
  ];
}
