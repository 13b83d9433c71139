import { WindlassError } from "../../error.js";

const CODE = "signal-no-answer";

/** The source did not answer, or not with what was asked for: one sentence for a person, which becomes a `no-answer`. */
export function unanswered(sentence: string, cause?: unknown): WindlassError {
  return new WindlassError(CODE, sentence, cause === undefined ? {} : { cause });
}

/** A `no-answer`'s sentence; null: the error is something else. Errors of other rooms say it themselves, with their hint. */
export function sentenceOf(error: unknown): string | null {
  if (!(error instanceof WindlassError)) return null;
  return error.hint === undefined ? error.message : `${error.message}. ${error.hint}`;
}

/** Text of somebody else in one of our sentences: one line, bounded. */
export function quoted(text: string, most = 200): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > most ? `${line.slice(0, most - 1)}…` : line;
}

export function duration(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${Math.round(ms / 100) / 10} s`;
}
