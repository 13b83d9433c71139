import { Oracle } from "./analysis/oracle.js";
import { type AtItsBest, atTheirBest, settingText } from "./analysis/report/best.js";
import { decided, type Judged, ofSetting } from "./analysis/report/judged.js";
import { carryOut } from "./analysis/report/studies.js";
import type { Findings, Study } from "./analysis/report/study.js";
import { table } from "./analysis/report/table.js";
import { medianAndP90, quantile, secondsFigure, withInterval } from "./analysis/report/times.js";
import { sweep } from "./analysis/sweep.js";
import { TRACES } from "./analysis/traces.js";
import type { BenchResult } from "./result.js";
import { numbers } from "./table/options.js";

const DEFAULTS = { runs: 500, independent: 2_000, sweep: 500, seed: 20_000_000 };
const BASE = 0.001;
const HARMS = [0.05, 0.01] as const;

/** Seconds until a canary that does harm fails: ours in the configuration of false-alarms, the rivals, and who knows the rates. */
export async function run(): Promise<BenchResult> {
  const { runs, independent, sweep: sweepRuns, seed } = numbers(DEFAULTS);
  const swept = await sweep(sweepRuns, seed + 5_000_000);
  const studies = HARMS.flatMap((badRate) =>
    TRACES.map((trace): Study => {
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
      };
    }),
  );
  const findings = await carryOut(studies);
  const figures: Record<string, number> = {};
  const lines = [
    "Seconds until a harmful canary fails, median/p90: 200 requests/s, 10 % canary, base 0.1 %, an hour, looked at every second.",
    `${runs} runs a trace (${independent} of the independent one), seeds from ${seed}. \`never\`: not within the hour. A second column of a rival: with`,
    `the setting that harms fewest on the independent trace, of those with at most 5 % false alarms on every trace (${sweepRuns} runs each).`,
  ];
  HARMS.forEach((badRate, h) => {
    const of = findings.slice(h * TRACES.length, (h + 1) * TRACES.length);
    const plain = of[TRACES.indexOf("independent")]?.ours?.seconds ?? [];
    const [median, p90] = [quantile(plain, 0.5), quantile(plain, 0.9)];
    figures[`median${badRate * 100}`] = secondsFigure(median.value);
    figures[`p90${badRate * 100}`] = secondsFigure(p90.value);
    const expected = new Oracle({ stable: BASE, canary: badRate }).expectedSeconds(180, 20);
    const best = atTheirBest(swept, of[TRACES.indexOf("independent")]?.rivals ?? []);
    lines.push(
      "",
      `0.1 % → ${badRate * 100} %. Windlass, independent: median ${withInterval(median)}, p90 ${withInterval(p90)}; the oracle's ln(100)/KL: ${expected.toFixed(1)} s`,
      ...table(
        ["trace", "Windlass", "found %", "oracle", ...best.flatMap(({ rival }) => [rival.name, "best"])],
        TRACES.map((trace, t) => row(trace, of[t], best)),
      ),
      ...best.map(
        (one) =>
          `${one.rival.name}: ${one.rival.what}; first column ${one.rival.settings[one.rival.published]}${one.rival.advised ? " (published)" : ""}; best ${settingText(one)}`,
      ),
    );
  });
  const { median5 = -1, p905 = -1, median1 = -1, p901 = -1 } = figures;
  const within = (value: number, mark: number) => value >= 0 && value <= mark;
  return {
    name: "detection",
    figures: { median5, p905, median1, p901 },
    reached: within(median5, 10) && within(p905, 20) && within(median1, 40) && within(p901, 80),
    lines,
  };
}

function row(trace: string, findings: Findings | undefined, best: readonly AtItsBest[]): string[] {
  const ours = findings?.ours;
  if (findings === undefined || ours == null) return [trace];
  const found = (decided(ours)[0] ?? 0) / ours.seconds.length;
  const times = (judged: Judged | undefined, setting: number | null) =>
    judged === undefined || setting === null ? "-" : medianAndP90(ofSetting(judged, setting).seconds);
  return [
    trace,
    medianAndP90(ours.seconds),
    (found * 100).toFixed(1),
    // Where requests are not independent, its rates are not the whole truth, and its level is not kept.
    medianAndP90(findings.oracle?.seconds ?? []),
    ...best.flatMap(({ rival, setting }, r) => [
      times(findings.rivals[r], rival.published),
      times(findings.rivals[r], setting),
    ]),
  ];
}
