import { Readable, Transform } from "node:stream";
import { WindlassError } from "../error.js";

/** Commands hold a compiled environment; the ledger takes events of 1 MiB at most, so no more makes sense. */
const MAX_JSON_BYTES = 2 * 1024 * 1024;
const JSON_DEADLINE_MS = 30_000;

/** The JSON in a request's body. What was sent is never repeated in an error: it may hold secrets. */
export async function readJson(request: Request): Promise<unknown> {
  const type = request.headers.get("content-type") ?? "";
  if (!/^application\/json\s*(;|$)/i.test(type))
    throw new WindlassError("api-media-type", "the body is not JSON", { hint: "send content-type: application/json" });
  const text = new TextDecoder("utf-8", { fatal: true });
  try {
    return JSON.parse(text.decode(await readAll(request)));
  } catch (error) {
    if (error instanceof WindlassError) throw error;
    throw new WindlassError("api-invalid-json", "the body is not valid JSON in UTF-8");
  }
}

async function readAll(request: Request): Promise<Buffer> {
  const declared = Number(request.headers.get("content-length") ?? 0);
  if (declared > MAX_JSON_BYTES) throw tooLarge(MAX_JSON_BYTES);
  if (request.body === null) return Buffer.alloc(0);
  const body = Readable.fromWeb(request.body as Parameters<typeof Readable.fromWeb>[0]);
  const late = new WindlassError("api-body-slow", `the body did not come within ${JSON_DEADLINE_MS / 1000} s`, {
    retry: "safe",
  });
  const timer = setTimeout(() => body.destroy(late), JSON_DEADLINE_MS);
  try {
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of body) {
      bytes += (chunk as Uint8Array).byteLength;
      if (bytes > MAX_JSON_BYTES) throw tooLarge(MAX_JSON_BYTES);
      chunks.push(Buffer.from(chunk as Uint8Array));
    }
    return Buffer.concat(chunks);
  } finally {
    clearTimeout(timer);
  }
}

/** The body as a stream that fails with `artefact-too-large` past `limit` bytes; read as fast as it is consumed. */
export function readBytes(request: Request, limit: number): Readable {
  const error = new WindlassError("artefact-too-large", `an artefact may have ${limit} bytes`, {
    hint: "leave out what the service does not need: source: { exclude: […] }",
  });
  if (Number(request.headers.get("content-length") ?? 0) > limit) throw error;
  if (request.body === null) return Readable.from([]);
  const body = Readable.fromWeb(request.body as Parameters<typeof Readable.fromWeb>[0]);
  let bytes = 0;
  const limited = new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      bytes += chunk.byteLength;
      if (bytes > limit) done(error);
      else done(null, chunk);
    },
  });
  body.on("error", (cause) => limited.destroy(cause));
  limited.on("close", () => body.destroy());
  return body.pipe(limited);
}

function tooLarge(limit: number): WindlassError {
  return new WindlassError("api-body-too-large", `the body has more than ${limit} bytes`, {
    hint: "files belong into an artefact: PUT /v1/artefacts/{digest}",
  });
}
