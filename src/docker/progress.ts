import type { Readable } from "node:stream";
import { WindlassError } from "../error.js";

/** One line of what the Engine says while it builds, pulls, pushes or loads. */
export interface ProgressLine {
  /** Output of a build. */
  readonly stream?: string;
  readonly status?: string;
  /** The layer that `status` is about. */
  readonly id?: string;
  readonly progressDetail?: { readonly current?: number; readonly total?: number };
  /** `{ ID }` of a build, `{ Tag, Digest, Size }` of a push. */
  readonly aux?: { readonly ID?: string; readonly Tag?: string; readonly Digest?: string; readonly Size?: number };
  readonly error?: string;
  readonly errorDetail?: { readonly message?: string; readonly code?: number };
}

/** No line of the Engine's is longer than some KiB. */
const MAX_LINE_BYTES = 4 * 1024 * 1024;

/** The values of a stream of JSON lines. `docker-answer` for a line that is none or has no end. */
export async function* jsonLines(source: Readable): AsyncGenerator<unknown> {
  let pending: Buffer = Buffer.alloc(0);
  for await (const chunk of source as AsyncIterable<Buffer>) {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    for (let end = pending.indexOf(10); end !== -1; end = pending.indexOf(10)) {
      const line = pending.subarray(0, end).toString("utf8").trim();
      pending = pending.subarray(end + 1);
      if (line !== "") yield parse(line);
    }
    if (pending.length > MAX_LINE_BYTES)
      throw new WindlassError("docker-answer", "a line of the Docker Engine has no end");
  }
  const last = pending.toString("utf8").trim();
  if (last !== "") yield parse(last);
}

/** The lines of a build, push, pull or load; the Engine's own error becomes a WindlassError of `code`. */
export async function* progressOf(source: Readable, code: string): AsyncGenerator<ProgressLine> {
  for await (const value of jsonLines(source)) {
    const line = value as ProgressLine;
    const failure = line.errorDetail?.message ?? line.error;
    if (failure !== undefined)
      throw new WindlassError(code, failure.trim(), { facts: { exitCode: line.errorDetail?.code ?? null } });
    yield line;
  }
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw new WindlassError("docker-answer", "the Docker Engine said something that is not JSON", { cause });
  }
}
