import { type ContainerLogLine, containerLogs } from "../../../docker/logs.js";
import { isRefusal } from "../../../docker/refusal.js";
import { printable } from "../supervisor/tail.js";
import { type Connection, isAway } from "./connection.js";
import { engineTime, nanoseconds } from "./nanoseconds.js";

export interface PrintedLine {
  readonly stream: "stdout" | "stderr";
  readonly text: string;
}

/** What a container prints, as the Engine keeps it: also what it printed while no daemon was there. */
export interface PrintedBy {
  /** The last so many lines, and where they end. Empty while the Engine is away. */
  past(count: number, signal: AbortSignal): Promise<{ readonly lines: readonly PrintedLine[]; readonly end: bigint }>;
  /** What comes after `end`, over restarts of the container, until the signal. */
  follow(end: bigint, signal: AbortSignal): Following;
}

export interface Following {
  /** What has come since the last call. */
  read(): readonly PrintedLine[];
}

const PAST_WITHIN_MS = 10_000;
/** A reader that is slower than the container slows the Engine's reading, not the container. */
const MOST_WAITING = 2_000;
const LOOK_AGAIN_MS = 300;
const EVERYTHING = 1_000_000;

export function printedBy(connection: Connection, container: string): PrintedBy {
  return {
    async past(count, signal) {
      const lines: PrintedLine[] = [];
      let end = 0n;
      try {
        await connection.use(async (engine) => {
          const query = { tail: count, follow: false };
          const within = AbortSignal.any([signal, AbortSignal.timeout(PAST_WITHIN_MS)]);
          for await (const line of containerLogs(engine, container, query, within)) {
            end = nanoseconds(line.at);
            lines.push(shown(line));
          }
        });
      } catch (error) {
        // Away, or not made yet: what it prints then comes with following.
        if (!isAway(error) && !isRefusal(error, 404) && !signal.aborted) throw error;
      }
      return { lines, end };
    },
    follow(end, signal) {
      const waiting: PrintedLine[] = [];
      void pump(connection, container, end, waiting, signal);
      return { read: () => waiting.splice(0) };
    },
  };
}

/** The Engine's answer ends with each run of the container, and with the Engine: it is asked again from there on. */
async function pump(
  connection: Connection,
  container: string,
  from: bigint,
  waiting: PrintedLine[],
  signal: AbortSignal,
): Promise<void> {
  let end = from;
  while (!signal.aborted) {
    try {
      await connection.use(async (engine) => {
        const query = { tail: EVERYTHING, follow: true, since: engineTime(end + 1n) };
        for await (const line of containerLogs(engine, container, query, signal)) {
          const at = nanoseconds(line.at);
          if (at <= end) continue;
          end = at;
          waiting.push(shown(line));
          while (waiting.length >= MOST_WAITING && !signal.aborted) await pause(LOOK_AGAIN_MS);
        }
      });
    } catch (error) {
      // Away, or the container is: both are looked at again.
      if (!(error instanceof Error)) throw error;
    }
    await pause(LOOK_AGAIN_MS);
  }
}

function shown({ stream, text }: ContainerLogLine): PrintedLine {
  return { stream, text: printable(text) };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
