import { existsSync } from "node:fs";
import path from "node:path";
import type { LogLine, LogQuery } from "../../../ports/target.js";
import { type OutputStream, STREAMS } from "../supervisor/output.js";
import { Follower, recentLines } from "../supervisor/tail.js";

export interface LogSource {
  readonly service: string;
  readonly replica: string;
  readonly directory: string;
}

const LOOK_MS = 200;

/** Past lines of every matching replica, then, when following, what comes; new replicas join. Ends with the signal. */
export async function* logLines(
  sources: () => readonly LogSource[],
  query: LogQuery,
  signal: AbortSignal,
): AsyncGenerator<LogLine> {
  const followers = new Map<string, { source: LogSource; stream: OutputStream; follower: Follower }>();
  let first = true;
  while (!signal.aborted) {
    for (const source of sources().filter((one) => matches(one, query)))
      for (const stream of STREAMS) {
        const file = path.join(source.directory, `${stream}.log`);
        if (followers.has(file) || !existsSync(file)) continue;
        const { service, replica } = source;
        // Where following begins is read before the past is, so that no line falls between the two.
        const follower = first ? Follower.atEnd(file) : Follower.atStart(file);
        if (first)
          for (const text of recentLines(file, query.lines, follower.position, PAST_BYTES))
            yield { service, replica, stream, text };
        followers.set(file, { source, stream, follower });
      }
    if (!query.follow) return;
    first = false;
    for (const { source, stream, follower } of followers.values())
      for (const text of follower.read()) yield { service: source.service, replica: source.replica, stream, text };
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

const PAST_BYTES = 1024 * 1024;

function matches(source: LogSource, query: LogQuery): boolean {
  return (
    (query.service === null || source.service === query.service) &&
    (query.replica === null || source.replica === query.replica)
  );
}
