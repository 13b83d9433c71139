import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { WindlassError } from "../../../error.js";
import type { Clock } from "../../../ports/clock.js";
import type { ProbeSubject } from "../../../ports/signal-provider.js";
import { quoted } from "../unanswered.js";
import { CONTENT_TYPE, decodeRequest, type Encoding, encodeResponse, encodeStatus, encodingOf } from "./encoding.js";
import { type Point, sentIn, sizeOf } from "./points.js";
import { type OtlpSettings, Watch } from "./watch.js";

/** Largest body, bytes, as sent and as decompressed. */
export const BODY_BYTES = 4 * 1024 * 1024;
/** Senders, metrics and points in one request; a Collector sends some 8,000. */
export const MOST_THINGS = 50_000;
const MOST_AT_ONCE = 8;
const BODY_DEADLINE_MS = 30_000;
const RETRY_AFTER_SECONDS = 2;

/** google.rpc.Code of each HTTP status that this gives. */
const RPC_CODE: Readonly<Record<number, number>> = {
  400: 3,
  404: 5,
  405: 12,
  408: 4,
  413: 8,
  415: 12,
  500: 13,
  503: 14,
};
const METRICS_PATH = "/v1/metrics";

const unzip = promisify(gunzip);

/** A refusal on the way, with its HTTP status. */
class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/**
 * OTLP/HTTP for metrics. `handle` is a fetch handler, so it runs behind any server; what nobody watches is accepted and
 * forgotten, so a service may always send.
 */
export class OtlpIntake {
  readonly #watches = new Set<Watch>();
  #atOnce = 0;

  constructor(
    private readonly clock: Clock,
    /** Told of errors that are bugs. */
    private readonly report: (error: unknown) => void = () => {},
  ) {}

  watch(subject: ProbeSubject, settings: OtlpSettings): Watch {
    const watch = new Watch(subject, settings, this.clock.now(), this.clock.wall());
    this.#watches.add(watch);
    return watch;
  }

  unwatch(watch: Watch): void {
    this.#watches.delete(watch);
  }

  /** Answers every request; never rejects. */
  async handle(request: Request): Promise<Response> {
    const encoding = encodingOf(request.headers.get("content-type"));
    this.#atOnce += 1;
    try {
      if (this.#atOnce > MOST_AT_ONCE) throw new Refusal(503, "too many requests at once");
      const { rejected, message } = await this.#take(request, encoding);
      return answer(200, encodeResponse(rejected, message, encoding ?? "json"), encoding);
    } catch (error) {
      const { status, message } = refusalOf(error);
      if (status === 500) this.report(error);
      return answer(status, encodeStatus(RPC_CODE[status] ?? 2, message, encoding ?? "json"), encoding);
    } finally {
      this.#atOnce -= 1;
    }
  }

  async #take(request: Request, encoding: Encoding | null): Promise<{ rejected: number; message: string }> {
    if (new URL(request.url).pathname !== METRICS_PATH) throw new Refusal(404, `there is ${METRICS_PATH} only`);
    if (request.method !== "POST") throw new Refusal(405, `${METRICS_PATH} takes POST only`);
    if (encoding === null)
      throw new Refusal(415, `the content type has to be ${CONTENT_TYPE.protobuf} or ${CONTENT_TYPE.json}`);
    const body = await decompressed(await bodyOf(request), request.headers.get("content-encoding"));
    const now = this.clock.now();
    const decoded = decodeRequest(body, encoding);
    if (sizeOf(decoded) > MOST_THINGS) throw new Refusal(413, `the request has more than ${MOST_THINGS} points`);
    const sent = sentIn(decoded);
    const refused = new Map<Point, string>();
    for (const each of sent)
      for (const watch of this.#watches) watch.offer(each, now, (point, why) => refused.set(point, why));
    return { rejected: refused.size, message: quoted([...new Set(refused.values())].join("; "), 500) };
  }
}

function refusalOf(error: unknown): { status: number; message: string } {
  if (error instanceof Refusal) return error;
  if (error instanceof WindlassError && error.code === "otlp-malformed") return { status: 400, message: error.message };
  return { status: 500, message: "a bug in Windlass" };
}

function answer(status: number, body: Uint8Array<ArrayBuffer>, encoding: Encoding | null): Response {
  const headers: Record<string, string> = { "content-type": CONTENT_TYPE[encoding ?? "json"] };
  if (status === 503) headers["retry-after"] = String(RETRY_AFTER_SECONDS);
  if (status === 405) headers.allow = "POST";
  return new Response(body, { status, headers });
}

async function bodyOf(request: Request): Promise<Uint8Array> {
  const reader = request.body?.getReader();
  if (reader === undefined) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  let late = false;
  const deadline = setTimeout(() => {
    late = true;
    reader.cancel().catch(() => {
      // The connection broke at the same moment: read() says so.
    });
  }, BODY_DEADLINE_MS);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (late) throw new Refusal(408, "the body took too long");
      if (done) return Buffer.concat(chunks);
      bytes += value.length;
      if (bytes > BODY_BYTES) throw new Refusal(413, `the body is larger than ${BODY_BYTES} bytes`);
      chunks.push(value);
    }
  } finally {
    clearTimeout(deadline);
  }
}

async function decompressed(body: Uint8Array, encoding: string | null): Promise<Uint8Array> {
  const name = encoding?.trim().toLowerCase() ?? "identity";
  if (name === "identity" || name === "") return body;
  if (name !== "gzip") throw new Refusal(415, `the content encoding ${quoted(name, 40)} is not gzip`);
  try {
    return await unzip(body, { maxOutputLength: BODY_BYTES });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE")
      throw new Refusal(413, `the body is larger than ${BODY_BYTES} bytes when it is decompressed`);
    throw new Refusal(400, "the body is not what gzip makes");
  }
}
