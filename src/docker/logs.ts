import type { DockerEngine } from "./engine.js";
import { demultiplex, type Frame } from "./frames.js";

export interface ContainerLogLine {
  readonly stream: "stdout" | "stderr";
  /** When the Engine read it: RFC 3339 with nanoseconds. */
  readonly at: string;
  readonly text: string;
}

export interface ContainerLogQuery {
  /** How many past lines. */
  readonly tail: number;
  readonly follow: boolean;
  /** Lines from then on only: seconds since 1970, or an `at`. */
  readonly since?: number | string;
}

/** A longer line is cut here. */
const MAX_LINE_BYTES = 64 * 1024;

/** A container's output, line by line. A followed one ends with the container or by the signal. */
export async function* containerLogs(
  engine: DockerEngine,
  id: string,
  { tail, follow, since }: ContainerLogQuery,
  signal: AbortSignal,
): AsyncGenerator<ContainerLogLine> {
  const query = { stdout: true, stderr: true, timestamps: true, tail, follow, since };
  // A quiet service may say nothing for days.
  const call = { query, signal, ...(follow ? { silenceMs: 0 } : {}) };
  const source = await engine.stream("GET", `/containers/${encodeURIComponent(id)}/logs`, call);
  try {
    yield* linesOf(demultiplex(source));
  } catch (error) {
    if (!signal.aborted) throw engine.explain(error, 0);
  } finally {
    source.destroy();
  }
}

/** Lines of frames whose text begins with a time stamp; the two streams are not mixed up within a line. */
export async function* linesOf(frames: AsyncIterable<Frame>): AsyncGenerator<ContainerLogLine> {
  const pending: Record<Frame["stream"], Buffer> = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };
  for await (const { stream, bytes } of frames) {
    let rest = bytes;
    for (;;) {
      const end = rest.indexOf(10);
      const piece = end === -1 ? rest : rest.subarray(0, end);
      const room = MAX_LINE_BYTES - pending[stream].length;
      if (room > 0) pending[stream] = Buffer.concat([pending[stream], piece.subarray(0, room)]);
      if (end === -1) break;
      yield lineOf(stream, pending[stream]);
      pending[stream] = Buffer.alloc(0);
      rest = rest.subarray(end + 1);
    }
  }
  for (const stream of ["stdout", "stderr"] as const)
    if (pending[stream].length > 0) yield lineOf(stream, pending[stream]);
}

function lineOf(stream: Frame["stream"], bytes: Buffer): ContainerLogLine {
  const text = bytes.toString("utf8").replace(/\r$/, "");
  const space = text.indexOf(" ");
  return space === -1
    ? { stream, at: text, text: "" }
    : { stream, at: text.slice(0, space), text: text.slice(space + 1) };
}
