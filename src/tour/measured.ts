import { type Report, wallTime } from "../load/report.js";
import type { Ran } from "./command.js";
import type { Row } from "./table.js";

/** What happened, for the table. */
export interface Told {
  readonly first: Ran;
  rolling: Ran;
  canary: Ran;
  harmful: Ran;
  why: Ran;
  controlPlaneBackMs: number;
  report: Report;
  verdictAt: number | null;
  runs: string | null;
}

/** The closing table: every figure with what it has to be. */
export function rows(told: Told): readonly Row[] {
  const { report } = told;
  const code = (ran: Ran) => `exit ${ran.code}`;
  const firstBad = report.firstBadAt === null ? null : wallTime(report.firstBadAt);
  const lastBad = report.lastBadAt === null ? null : wallTime(report.lastBadAt);
  const detect = told.verdictAt === null || firstBad === null ? null : Math.round(told.verdictAt - firstBad);
  const stop = told.verdictAt === null || lastBad === null ? null : Math.round(lastBad - told.verdictAt);
  const ms = (value: number | null) => (value === null ? "not seen" : `${value} ms`);
  const sentence = told.why.output.trim();
  return [
    { what: "first deployment", value: code(told.first), should: "done (0)", ok: told.first.code === 0 },
    { what: "rolling deployment", value: code(told.rolling), should: "done (0)", ok: told.rolling.code === 0 },
    {
      what: "canary, control plane killed",
      value: code(told.canary),
      should: "done all the same (0)",
      ok: told.canary.code === 0,
    },
    {
      what: "harmful canary",
      value: code(told.harmful),
      should: "rolled back by itself (3)",
      ok: told.harmful.code === 3,
    },
    {
      what: "runs now",
      value: told.runs ?? "nothing",
      should: "the release before the harmful one",
      ok: told.runs?.startsWith("1.1.1") ?? false,
    },
    {
      what: "requests sent",
      value: String(report.sent),
      should: "all that were due",
      ok: report.sent > 0 && report.shed === 0,
    },
    { what: "failed", value: String(report.failed), should: "0", ok: report.failed === 0 },
    {
      what: "failed by design (1.2.0's bug)",
      value: String(report.failedByDesign),
      should: "more than 0, or nothing was tested",
      ok: report.failedByDesign > 0,
    },
    {
      what: "first bad answer to verdict",
      value: ms(detect),
      should: "time to detect",
      ok: detect !== null && detect > 0,
    },
    {
      what: "verdict to last bad answer",
      value: stop === null ? "not seen" : stop <= 0 ? "none came after it" : `${stop} ms`,
      should: "at most 1000 ms",
      ok: stop !== null && stop <= 1_000,
    },
    {
      what: "nobody decided (kill -9)",
      value: ms(told.controlPlaneBackMs),
      should: "and no request failed",
      ok: told.controlPlaneBackMs < 30_000,
    },
    {
      what: "latency p50, p99",
      value: `${report.latency.p50.toFixed(1)} ms, ${report.latency.p99.toFixed(1)} ms`,
      should: "from due to last byte",
      ok: report.latency.count > 0,
    },
    {
      what: "why",
      value: sentence === "" ? "said nothing" : "said, in full below",
      should: "one sentence",
      ok: told.why.code === 0 && sentence !== "",
    },
  ];
}
