import { z } from "zod";
import type { SignalCounts } from "../../../core/model/judgement.js";
import { quoted, unanswered } from "../unanswered.js";
import type { Ended } from "./run.js";

const counts = z.object({ bad: z.number(), total: z.number() });
/** What shells and `env` say when they could not start what they were asked to. */
const NOT_STARTED = new Set([126, 127]);

/** What a run counts: the last line's numbers, or else one good or bad measurement by the exit code. */
export function outcomeOf({ code, signal, output }: Ended, program: string): SignalCounts {
  // What something else ended says nothing about the release.
  if (code === null) throw unanswered(`${program} was ended by ${signal ?? "a signal"}`);
  const written = lastLineCounts(output, program);
  if (written !== null) return written;
  if (NOT_STARTED.has(code)) throw unanswered(`${program} could not start its command (exit code ${code})`);
  return { bad: code === 0 ? 0 : 1, total: 1 };
}

function lastLineCounts(output: string, program: string): SignalCounts | null {
  const line = output.trimEnd().split("\n").at(-1)?.trim() ?? "";
  if (!line.startsWith("{")) return null;
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    // Some other text that begins with a brace.
    return null;
  }
  const parsed = counts.safeParse(json);
  if (!parsed.success) {
    if (typeof json === "object" && json !== null && ("bad" in json || "total" in json))
      throw unanswered(`${program} wrote ${quoted(line, 80)}: bad and total have to be numbers`);
    return null;
  }
  const { bad, total } = parsed.data;
  if (!Number.isSafeInteger(bad) || !Number.isSafeInteger(total) || bad < 0 || bad > total)
    throw unanswered(`${program} wrote ${quoted(line, 80)}: such counts cannot be`);
  return { bad, total };
}
