import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { WindlassError } from "../../../../error.js";
import type { Credentials, Identity } from "../access/credentials.js";
import { readBody } from "./body.js";
import type { CountedVerb, Counting } from "./counting.js";
import type { Deadlines } from "./deadlines.js";
import { refusalError } from "./refusal.js";
import { type Failure, retryDelay } from "./retry.js";
import { parseStatus } from "./status.js";
import type { Turnstile } from "./turnstile.js";
import { broken } from "./unreachable.js";
import type { Answer, Exchange, Wire } from "./wire.js";

export interface Call {
  readonly verb: CountedVerb;
  /** For people: `apply Deployment shop/web`. */
  readonly what: string;
  readonly method: Exchange["method"];
  readonly path: string;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly accept?: string;
  readonly idempotent: boolean;
  readonly timeoutMs?: number;
  /** Before others that wait. */
  readonly urgent?: boolean;
  readonly maxBytes?: number;
  /** Gives the call up, with its reason. */
  readonly signal?: AbortSignal;
  /** Values that no error may repeat. */
  readonly hidden?: readonly string[];
}

export interface Reply {
  readonly status: number;
  readonly text: string;
  readonly truncated: boolean;
}

export interface RequestsParts {
  readonly server: string;
  readonly wire: Wire;
  readonly credentials: Credentials;
  readonly turnstile: Turnstile;
  readonly counting: Counting;
  readonly random: () => number;
  readonly timeoutMs: number;
  /** How long a call may wait for its turn before that. */
  readonly queueMs: number;
  readonly deadlines: Deadlines;
}

const MAX_BYTES = 128 * 1024 * 1024;

/** Sends calls: a deadline over all attempts of one, at most so many at once, credentials renewed once, bounded repeats. */
export class Requests {
  readonly #parts: RequestsParts;

  constructor(parts: RequestsParts) {
    this.#parts = parts;
  }

  /** The answer's JSON. Anything but 2xx is a WindlassError. */
  async json(call: Call): Promise<unknown> {
    const { text, truncated } = await this.text(call);
    if (truncated) throw new WindlassError("kubernetes-refused", `${call.what}: the answer is too long`);
    try {
      return JSON.parse(text);
    } catch (cause) {
      throw new WindlassError("kubernetes-refused", `${call.what}: the answer is not JSON`, { cause });
    }
  }

  /** The answer's text. `accepts` says which answers beside 2xx are values. */
  async text(call: Call, accepts: (reply: Reply) => boolean = () => false): Promise<Reply> {
    const { turnstile, deadlines, timeoutMs, queueMs } = this.#parts;
    const queued = deadlines.begin(`${call.what} (in the queue)`, call.timeoutMs ?? queueMs, call.signal);
    const leave = await turnstile.enter(queued.signal, call.urgent === true).finally(() => queued.end());
    const deadline = deadlines.begin(call.what, call.timeoutMs ?? timeoutMs, call.signal);
    try {
      return await this.#attempts(call, accepts, deadline.signal);
    } finally {
      deadline.end();
      leave();
    }
  }

  /**
   * An answer that lasts, once its head is there. Not repeated: whoever follows it decides. The signal ends it, with
   * its reason.
   */
  async stream(call: Call, signal: AbortSignal): Promise<Readable> {
    const { timeoutMs, deadlines } = this.#parts;
    const deadline = deadlines.begin(call.what, call.timeoutMs ?? timeoutMs, signal);
    try {
      const answer = await this.#authenticated(call, deadline.signal, true, false);
      if (answer.status < 300) {
        deadline.untimed();
        answer.body.once("close", () => deadline.end());
        return answer.body;
      }
      const { text } = await readBody(answer.body, 64 * 1024);
      throw this.#refusal(call, { status: answer.status, text, truncated: false });
    } catch (cause) {
      deadline.end();
      throw this.#given(call, cause, deadline.signal, null);
    }
  }

  async #attempts(call: Call, accepts: (reply: Reply) => boolean, signal: AbortSignal): Promise<Reply> {
    let first: WindlassError | null = null;
    for (let attempts = 1; ; attempts++) {
      let failure: Failure;
      let error: WindlassError;
      try {
        const answer = await this.#authenticated(call, signal, false, attempts > 1);
        const reply = { status: answer.status, ...(await readBody(answer.body, call.maxBytes ?? MAX_BYTES)) };
        if (reply.status < 300 || accepts(reply)) return reply;
        error = this.#refusal(call, reply);
        failure = { kind: "status", status: reply.status, retryAfterMs: retryAfter(answer, reply) };
        // A webhook that does not answer takes its ten seconds each time.
        if (error.retry !== "safe" || error.code === "kubernetes-admission") throw error;
      } catch (cause) {
        if (cause instanceof WindlassError || signal.aborted) throw this.#given(call, cause, signal, first);
        const what = broken(call.what, this.#parts.server, cause);
        if (!what.retry) throw what.error;
        error = what.error;
        failure = { kind: "connection", sent: what.sent };
      }
      first ??= error;
      const random = this.#parts.random();
      const delay = retryDelay({ failure, attempts, idempotent: call.idempotent, random });
      if (delay === null) throw error;
      await sleep(delay, undefined, { signal }).catch((cause) => {
        throw this.#given(call, cause, signal, first);
      });
    }
  }

  /** One attempt; a 401 is answered with other credentials, once. */
  async #authenticated(call: Call, signal: AbortSignal, lasting: boolean, repeated: boolean): Promise<Answer> {
    const identity = await within(this.#parts.credentials.current(), signal);
    const answer = await this.#send(call, signal, identity, lasting, repeated);
    if (answer.status !== 401) return answer;
    const other = await within(this.#parts.credentials.instead(identity), signal).catch(async (error) => {
      await readBody(answer.body, 64 * 1024);
      throw error;
    });
    if (other === null) return answer;
    await readBody(answer.body, 64 * 1024);
    return this.#send(call, signal, other, lasting, true);
  }

  #send(call: Call, signal: AbortSignal, identity: Identity, lasting: boolean, repeated: boolean): Promise<Answer> {
    const { wire, counting } = this.#parts;
    counting.sent(call.verb, repeated);
    const exchange: Exchange = {
      method: call.method,
      path: call.path,
      body: call.body === undefined ? null : JSON.stringify(call.body),
      contentType: call.body === undefined ? null : (call.contentType ?? "application/json"),
      accept: call.accept ?? "application/json",
      signal,
    };
    return lasting ? wire.stream(exchange, identity) : wire.send(exchange, identity);
  }

  #refusal(call: Call, { status, text }: Reply): WindlassError {
    return refusalError({ status, body: parseStatus(text), what: call.what, hidden: call.hidden ?? [] });
  }

  /** What a caller is told when it could not go on: the first failure, before a deadline that only came after it. */
  #given(call: Call, cause: unknown, signal: AbortSignal, first: WindlassError | null): unknown {
    if (signal.aborted) return first !== null && isLate(signal.reason) ? first : signal.reason;
    return cause instanceof WindlassError ? cause : broken(call.what, this.#parts.server, cause).error;
  }
}

function isLate(reason: unknown): boolean {
  return reason instanceof WindlassError && reason.code === "kubernetes-timeout";
}

/** Waits no longer than the signal lets it; what was begun goes on for others. */
function within<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}

function retryAfter(answer: Answer, reply: Reply): number | null {
  const header = answer.headers["retry-after"];
  const seconds = Number(Array.isArray(header) ? header[0] : (header ?? Number.NaN));
  if (Number.isFinite(seconds) && seconds >= 0) return seconds * 1_000;
  const asked = parseStatus(reply.text)?.details.retryAfterSeconds ?? 0;
  return asked > 0 ? asked * 1_000 : null;
}
