import { setTimeout as sleep } from "node:timers/promises";
import { Agent, type Dispatcher, request } from "undici";
import { quoted, unanswered } from "./unanswered.js";

export interface Ask {
  readonly method: "GET" | "POST";
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** Largest answer that is read, bytes. */
export const ANSWER_BYTES = 4 * 1024 * 1024;
/** Waits between attempts; their number is the number of retries. */
const BACK_OFF_MS = [100, 300, 900];

/** HTTP to sources of signals: bounded in size and, by the caller's signal, in time. Redirects are not followed. */
export class Exchange {
  readonly #agent = new Agent({ connections: 8, keepAliveTimeout: 10_000, pipelining: 1 });

  /** Asks again, a bounded number of times, while nobody listens or the answer is a 5xx; the last outcome counts. */
  async ask(ask: Ask, signal: AbortSignal): Promise<Answer> {
    let last: Answer | Error | null = null;
    for (let attempt = 0; ; attempt += 1) {
      const outcome: Answer | Error = await this.#once(ask, signal).catch((error: unknown) => {
        // What went wrong first says more than that the time is over.
        if (last !== null && signal.aborted) return last;
        if (codeOf(error) === "ECONNREFUSED") return error as Error;
        throw explained(error, ask.url, signal);
      });
      const pause = BACK_OFF_MS[attempt];
      const away = outcome instanceof Error || outcome.status >= 500;
      last = outcome;
      if (away && pause !== undefined && (await slept(pause, signal))) continue;
      if (outcome instanceof Error) throw explained(outcome, ask.url, null);
      return outcome;
    }
  }

  close(): void {
    this.#agent.destroy().catch(() => {
      // Every request has ended by then; what remains are idle connections.
    });
  }

  async #once({ method, url, headers, body }: Ask, signal: AbortSignal): Promise<Answer> {
    const answer = await request(url, {
      dispatcher: this.#agent,
      method,
      headers: { ...headers, accept: "application/json", "user-agent": "windlass" },
      body: body ?? null,
      signal,
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    return { status: answer.statusCode, headers: answer.headers, text: await bounded(answer.body, url) };
  }
}

/** What is shown of an address: a query or a user name may hold a secret. */
export function shown(url: URL): string {
  return `${url.origin}${url.pathname}`;
}

async function bounded(body: Dispatcher.ResponseData["body"], url: URL): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    // Leaving the loop destroys the body, and with it the connection.
    if (bytes > ANSWER_BYTES) throw unanswered(`${shown(url)} answered with more than ${ANSWER_BYTES / 1024 ** 2} MiB`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** False: the time is over before. */
async function slept(ms: number, signal: AbortSignal): Promise<boolean> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
  return !signal.aborted;
}

function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : "";
}

function explained(error: unknown, url: URL, signal: AbortSignal | null): Error {
  if (signal?.aborted === true) return signal.reason as Error;
  const code = codeOf(error);
  if (code === "signal-no-answer") return error as Error;
  if (code === "ECONNREFUSED") return unanswered(`nobody listens at ${url.host}`, error);
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return unanswered(`the name ${url.hostname} is not known`, error);
  if (code === "ECONNRESET" || code === "EPIPE" || code === "UND_ERR_SOCKET")
    return unanswered(`${url.host} broke the connection off`, error);
  const message = error instanceof Error ? error.message : String(error);
  if (/CERT|SELF_SIGNED|SSL|TLS|ISSUER/.test(code))
    return unanswered(`${url.host} is not trusted: ${quoted(message)} (${code})`, error);
  return unanswered(`${url.host} could not be asked: ${quoted(message)}`, error);
}
