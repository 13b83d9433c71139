import { existsSync } from "node:fs";
import path from "node:path";
import type { LogLine, LogQuery } from "../../../ports/target.js";
import type { Following, PrintedBy } from "../container/log-source.js";
import { type OutputStream, STREAMS } from "../supervisor/output.js";
import { Follower, recentLines } from "../supervisor/tail.js";

export interface LogSource {
  readonly service: string;
  readonly replica: string;
  readonly directory: string;
  /** What a container prints is with the Engine; null for a process, which prints to files. */
  readonly container: PrintedBy | null;
}

interface Followed {
  readonly service: string;
  readonly replica: string;
  /** What has come since the last call. */
  read(): readonly { readonly stream: OutputStream; readonly text: string }[];
  readonly end: AbortController | null;
}

const LOOK_MS = 200;

/** Past lines of every matching replica, then, when following, what comes; new replicas join. Ends with the signal. */
export async function* logLines(
  sources: () => readonly LogSource[],
  query: LogQuery,
  signal: AbortSignal,
): AsyncGenerator<LogLine> {
  const followed = new Map<string, Followed>();
  const lastRound = (): void => {
    for (const { end } of followed.values()) end?.abort();
  };
  signal.addEventListener("abort", lastRound, { once: true });
  try {
    for (let first = true; !signal.aborted; first = false) {
      const present = new Set<string>();
      for (const source of sources().filter((one) => matches(one, query))) {
        const { service, replica } = source;
        for (const stream of STREAMS) {
          const file = path.join(source.directory, `${stream}.log`);
          if (followed.has(file) || !existsSync(file)) continue;
          // Where following begins is read before the past is, so that no line falls between the two.
          const follower = first ? Follower.atEnd(file) : Follower.atStart(file);
          if (first)
            for (const text of recentLines(file, query.lines, follower.position, PAST_BYTES))
              yield { service, replica, stream, text };
          const read = () => follower.read().map((text) => ({ stream, text }));
          followed.set(file, { service, replica, read, end: null });
        }
        if (source.container === null) continue;
        const key = `container ${replica}`;
        present.add(key);
        if (followed.has(key)) continue;
        const { lines, end } = first ? await source.container.past(query.lines, signal) : { lines: [], end: 0n };
        for (const line of lines) yield { service, replica, ...line };
        if (!query.follow) continue;
        const ending = new AbortController();
        const following: Following = source.container.follow(end, ending.signal);
        followed.set(key, { service, replica, read: () => following.read(), end: ending });
      }
      if (!query.follow) return;
      for (const [key, { service, replica, read, end }] of followed) {
        for (const line of read()) yield { service, replica, ...line };
        // Its container is gone, and nothing more will come.
        if (end === null || present.has(key)) continue;
        end.abort();
        followed.delete(key);
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  } finally {
    signal.removeEventListener("abort", lastRound);
    lastRound();
  }
}

const PAST_BYTES = 1024 * 1024;

function matches(source: LogSource, query: LogQuery): boolean {
  return (
    (query.service === null || source.service === query.service) &&
    (query.replica === null || source.replica === query.replica)
  );
}
