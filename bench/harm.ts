import { type AtItsBest, atTheirBest, bestOf, settingText } from "./analysis/report/best.js";
import { type Judged, meanHarmed } from "./analysis/report/judged.js";
import { type Ratio, ratioOf } from "./analysis/report/ratio.js";
import { carryOut } from "./analysis/report/studies.js";
import type { Study } from "./analysis/report/study.js";
import { table } from "./analysis/report/table.js";
import { RIVALS } from "./analysis/rivals/all.js";
import { sweep, worstOf } from "./analysis/sweep.js";
import { TRACES, type TraceName } from "./analysis/traces.js";
import type { BenchResult } from "./result.js";
import { numbers } from "./table/options.js";
import { figure } from "./table/spread.js";

const DEFAULTS = { runs: 500, independent: 2_000, sweep: 1_000, seed: 30_000_000 };
const BASE = 0.001;
const HARMS = [0.05, 0.01] as const;

interface Row {
  readonly trace: TraceName;
  readonly badRate: number;
  readonly ours: Judged;
  readonly best: AtItsBest;
  readonly ratio: Ratio;
  readonly few: Ratio | null;
  /** Against rivals that were tuned for this base rate alone. */
  readonly tuned: Ratio | null;
}

/** Bad requests to a harmful canary until it fails, or the hour is over: ours by the best rival's, each at its best. */
export async function run(): Promise<BenchResult> {
  const { runs, independent, sweep: sweepRuns, seed } = numbers(DEFAULTS);
  const swept = await sweep(sweepRuns, seed + 5_000_000);
  const studies = HARMS.flatMap((badRate) =>
    TRACES.map((trace) => {
      const of = trace === "independent" ? independent : runs;
      return {
        trace,
        base: BASE,
        harm: { badRate },
        from: seed,
        runs: of,
        history: 3_600,
        ours: "fail",
        rivals: "all",
      } satisfies Study;
    }),
  );
  const findings = await carryOut(studies);
  const rows = studies.flatMap(({ trace, harm: { badRate } }, index): Row[] => {
    const { ours = null, rivals = [] } = findings[index] ?? {};
    const all = atTheirBest(swept, rivals);
    const best = bestOf(all);
    if (ours === null || best?.judged == null) return [];
    const against = (one: AtItsBest | null | undefined) =>
      one?.judged == null ? null : ratioOf(ours.harmed, one.judged.harmed, seed);
    const few = all.find(({ rival }) => !rival.advised);
    const tuned = bestOf(
      atTheirBest(
        swept.filter(({ base }) => base === BASE),
        rivals,
      ),
    );
    return [
      {
        trace,
        badRate,
        ours,
        best,
        ratio: ratioOf(ours.harmed, best.judged.harmed, seed),
        few: against(few),
        tuned: against(tuned),
      },
    ];
  });
  const plain = rows.filter(({ trace }) => trace === "independent");
  const complete = plain.length === HARMS.length;
  const ratioToBestRival = complete ? Math.max(...plain.map(({ ratio }) => ratio.value)) : -1;
  return {
    name: "harm",
    figures: { ratioToBestRival: figure(ratioToBestRival, 4) },
    reached: complete && ratioToBestRival <= 0.05,
    lines: [
      "Bad requests to a harmful canary until it fails, at most an hour: means, 200 requests/s, 10 % canary, base 0.1 %, and ours by the best",
      "rival's (95 % bootstrap interval). A rival counts with the setting that harms fewest on that very trace and harm, of those that fail at most",
      `5 % of the clean canaries on every trace and at both base rates (${sweepRuns} runs each); the figure is the worse of the independent trace's two.`,
      `${runs} runs a trace (${independent} of the independent one), seeds from ${seed}.`,
      "",
      ...table(
        [
          "trace",
          "to %",
          "Windlass",
          "best rival",
          "which",
          "set to",
          "ratio",
          "to few points",
          "to one tuned for 0.1 %",
        ],
        rows.map(({ trace, badRate, ours, best, ratio, few, tuned }) => [
          trace,
          String(badRate * 100),
          (meanHarmed(ours)[0] ?? 0).toFixed(1),
          best.harmed.toFixed(1),
          best.rival.name,
          settingText(best),
          text(ratio),
          few === null ? "-" : text(few),
          tuned === null ? "-" : text(tuned),
        ]),
      ),
      "",
      ...RIVALS.map(({ name, what, settings, published }, r) => {
        const worst = worstOf(swept, r);
        const kept = worst.filter((share) => share <= 0.05).length;
        return `${name}: ${what}; ${kept} of ${settings.length} settings keep 5 % everywhere; published (${settings[published]}) fails up to ${((worst[published] ?? 0) * 100).toFixed(1)} %`;
      }),
      "few points: not as its guide advises, and not in the figure. Tuned for 0.1 %: its false alarms at a base rate of 1 % do not count.",
    ],
  };
}

function text({ value, from, to }: Ratio): string {
  return `${value.toFixed(3)} (${from.toFixed(3)}-${to.toFixed(3)})`;
}
