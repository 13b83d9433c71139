import { decided } from "./analysis/report/judged.js";
import { digits, percent, type Share, shareOf } from "./analysis/report/share.js";
import { carryOut } from "./analysis/report/studies.js";
import type { Study } from "./analysis/report/study.js";
import { table } from "./analysis/report/table.js";
import { RIVALS } from "./analysis/rivals/all.js";
import { CELLS } from "./analysis/sweep.js";
import { LONG } from "./analysis/traces.js";
import type { BenchResult } from "./result.js";
import { numbers } from "./table/options.js";

const DEFAULTS = { runs: 2_000, independent: 10_000, seed: 10_000_000 };

/** No difference between canary and stable, an hour after an hour of history, looked at every second: how many runs fail? */
export async function run(): Promise<BenchResult> {
  const { runs, independent, seed } = numbers(DEFAULTS);
  const studies = CELLS.map(
    (cell): Study => ({
      ...cell,
      from: seed,
      runs: cell.trace === "independent" ? independent : runs,
      history: 3_600,
      ours: "fail",
      rivals: "published",
    }),
  );
  const found = (await carryOut(studies)).map(({ ours, rivals }, index) => {
    const of = studies[index]?.runs ?? 0;
    const share = (judged: Parameters<typeof decided>[0] | null | undefined) =>
      shareOf(judged == null ? Number.NaN : (decided(judged)[0] ?? 0), of);
    return { ...(studies[index] as Study), ours: share(ours), rivals: rivals.map(share) };
  });
  const worst = (of: typeof found) =>
    of.reduce<Share | null>((most, { ours }) => (ours.share > (most?.share ?? -1) ? ours : most), null);
  const [short, long, plain] = [
    worst(found.filter(({ trace }) => !LONG.has(trace))),
    worst(found.filter(({ trace }) => LONG.has(trace))),
    worst(found.filter(({ trace }) => trace === "independent")),
  ];
  const figures = {
    worstShare: short?.share ?? 1,
    worstShareLongBursts: long?.share ?? 1,
    independentShare: plain?.share ?? 1,
  };
  return {
    name: "false-alarms",
    figures,
    reached: figures.worstShare <= 0.01 && figures.worstShareLongBursts <= 0.02 && figures.independentShare <= 0.01,
    lines: [
      `Clean canaries that fail, % (95 % interval): 200 requests/s, 10 % canary, an hour after an hour of history, looked at every second.`,
      `${runs} runs a trace (${independent} of the independent one), seeds from ${seed}; ours in one configuration, rivals as published.`,
      ...table(
        ["trace", "base %", "runs", "Windlass", ...RIVALS.map(({ name }) => name)],
        found.map(({ trace, base, ours, rivals }) => [
          LONG.has(trace) ? `${trace} (long)` : trace,
          String(base * 100),
          String(ours.of),
          percent(ours),
          ...rivals.map(({ share }) => digits(share)),
        ]),
      ),
      ...RIVALS.map(({ name, what, settings, published }) => `${name}: ${what}; ${settings[published]}`),
    ],
  };
}
