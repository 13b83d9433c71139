import { OURS } from "./analysis/ours.js";
import { decided } from "./analysis/report/judged.js";
import { percent, type Share, shareOf } from "./analysis/report/share.js";
import { carryOut } from "./analysis/report/studies.js";
import type { Findings, Study } from "./analysis/report/study.js";
import { table } from "./analysis/report/table.js";
import { medianAndP90, quantile, secondsFigure, withInterval } from "./analysis/report/times.js";
import { CELLS } from "./analysis/sweep.js";
import { LONG } from "./analysis/traces.js";
import type { BenchResult } from "./result.js";
import { numbers } from "./table/options.js";

const DEFAULTS = { runs: 1_000, independent: 2_000, clean: 300, seed: 40_000_000 };

/** A clean canary is to pass soon; one that is worse by exactly the margin is to pass in at most 5 % of the runs. */
export async function run(): Promise<BenchResult> {
  const { runs, independent, clean, seed } = numbers(DEFAULTS);
  const ours = { history: 3_600, ours: "pass", rivals: null } as const;
  const isPlain = ({ trace, base }: { trace: string; base: number }) => trace === "independent" && base === 0.001;
  const cleans = CELLS.map(
    (cell): Study => ({ ...cell, ...ours, from: seed, runs: isPlain(cell) ? independent : clean }),
  );
  const harm = { delta: OURS.margin.pass };
  const boundaries = CELLS.map((cell): Study => ({ ...cell, ...ours, harm, from: seed + 5_000_000, runs }));
  const findings = await carryOut([...cleans, ...boundaries]);
  const found = CELLS.map((cell, index) => ({
    ...cell,
    seconds: findings[index]?.ours?.seconds ?? new Int32Array(0),
    passes: passes(findings[index]),
    falsePasses: passes(findings[index + CELLS.length]),
  }));
  const plain = found.find(isPlain)?.seconds ?? new Int32Array(0);
  const [median, p90] = [quantile(plain, 0.5), quantile(plain, 0.9)];
  const worst = (long: boolean) =>
    Math.max(...found.filter(({ trace }) => LONG.has(trace) === long).map(({ falsePasses }) => falsePasses.share));
  const figures = { median: secondsFigure(median.value), p90: secondsFigure(p90.value), worstFalsePass: worst(false) };
  const within = (value: number, mark: number) => value >= 0 && value <= mark;
  return {
    name: "clean-pass",
    figures,
    reached: within(figures.median, 120) && within(figures.p90, 300) && figures.worstFalsePass <= 0.05,
    lines: [
      "Seconds until a clean canary passes (median/p90 of an hour, and who does at all, %), and how many pass that are worse by exactly the margin of 0.5 points, %",
      `(95 % interval): 200 requests/s, 10 % canary, an hour of history. ${runs} runs at the boundary, ${clean} clean ones (${independent} of the first), seeds from ${seed}.`,
      `Independent, 0.1 %: median ${withInterval(median)}, p90 ${withInterval(p90)}. Worst false pass with long bursts: ${(worst(true) * 100).toFixed(1)} %`,
      ...table(
        ["trace", "base %", "clean: s", "clean: pass %", "at the boundary: pass %"],
        found.map(({ trace, base, seconds, passes: all, falsePasses }) => [
          LONG.has(trace) ? `${trace} (long)` : trace,
          String(base * 100),
          medianAndP90(seconds),
          percent(all),
          percent(falsePasses),
        ]),
      ),
    ],
  };
}

function passes(findings: Findings | undefined): Share {
  const ours = findings?.ours;
  if (ours == null) return shareOf(0, 0);
  return shareOf(decided(ours)[0] ?? 0, ours.seconds.length);
}
