import type { DockerEngine } from "../../../docker/engine.js";
import type { EngineEvent } from "../../../docker/events.js";
import { filtersOf } from "../../../docker/filters.js";
import { containerLogs } from "../../../docker/logs.js";
import { jsonLines } from "../../../docker/progress.js";
import { printable } from "../supervisor/tail.js";
import type { End } from "./changes.js";
import { engineTime, nanoseconds } from "./nanoseconds.js";

const WITHIN_MS = 5_000;
/** The next run may have printed already. */
const LOOKED_AT = 200;
const SLACK_NS = 1_000_000_000n;

/**
 * The exit code of an end that another run has followed, from the Engine's events, of which it keeps some hundred; null
 * when it does not know any more.
 */
export async function pastExitCode(engine: DockerEngine, id: string, finished: string): Promise<number | null> {
  const at = nanoseconds(finished);
  const query = {
    filters: filtersOf({ container: [id], event: ["die"] }),
    since: engineTime(at - SLACK_NS),
    until: engineTime(at + SLACK_NS),
  };
  const source = await engine.stream("GET", "/events", { query, deadlineMs: WITHIN_MS, silenceMs: WITHIN_MS });
  let code: number | null = null;
  let nearest: bigint | null = null;
  try {
    for await (const value of jsonLines(source)) {
      const { timeNano, Actor } = value as EngineEvent;
      const off = BigInt(Math.round(timeNano)) - at;
      const distance = off < 0n ? -off : off;
      if (nearest !== null && distance > nearest) continue;
      nearest = distance;
      code = Number(Actor.Attributes.exitCode ?? Number.NaN);
    }
  } catch (error) {
    throw engine.explain(error, WITHIN_MS);
  } finally {
    source.destroy();
  }
  return Number.isNaN(code) ? null : code;
}

/** The last lines that a run printed before its end, oldest first. */
export async function lastLines(
  engine: DockerEngine,
  id: string,
  end: Pick<End, "began" | "finished">,
  count: number,
): Promise<string[]> {
  const from = end.began === null ? {} : { since: engineTime(nanoseconds(end.began)) };
  const until = end.finished === null ? null : nanoseconds(end.finished) + SLACK_NS / 10n;
  const query = { tail: LOOKED_AT, follow: false, ...from };
  const lines: string[] = [];
  for await (const { at, text } of containerLogs(engine, id, query, AbortSignal.timeout(WITHIN_MS)))
    if (until === null || nanoseconds(at) <= until) lines.push(printable(text));
  return lines.slice(-count);
}
