import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { Agent, type Dispatcher } from "undici";
import { WindlassError } from "../../error.js";

export interface Sent {
  readonly method: "GET" | "HEAD" | "POST" | "PUT" | "PATCH";
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer | string | Readable;
}

export type Received = Dispatcher.ResponseData;

/** A registry that says nothing for so long is given up. */
const SILENCE_MS = 60_000;
const TRIES = 4;
const MAX_WAIT_MS = 30_000;

/** Requests to registries; what may be made again is, a bounded number of times. */
export class Transport {
  readonly #agent = new Agent({ headersTimeout: SILENCE_MS, bodyTimeout: SILENCE_MS, connect: { timeout: 15_000 } });
  readonly #backOffMs: number;

  constructor(backOffMs = 500) {
    this.#backOffMs = backOffMs;
  }

  /** One request, once. `registry-unreachable` when nobody answers. */
  async once({ method, url, headers, body }: Sent): Promise<Received> {
    try {
      return await this.#agent.request({
        origin: url.origin,
        path: `${url.pathname}${url.search}`,
        method,
        headers,
        ...(body === undefined ? {} : { body }),
      });
    } catch (cause) {
      throw unreachable(url, cause);
    }
  }

  /** A request that changes nothing when it is made twice: again after a broken connection, a 5xx, or a 429. */
  async again(sent: Sent): Promise<Received> {
    for (let attempt = 1; ; attempt += 1) {
      const received = await this.once(sent).catch((error: unknown) => {
        if (attempt === TRIES) throw error;
        return null;
      });
      if (received !== null && !(isBusy(received.statusCode) && attempt < TRIES)) return received;
      await received?.body.dump();
      await sleep(waitMs(received, this.#backOffMs * 2 ** (attempt - 1)));
    }
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }
}

function isBusy(status: number): boolean {
  return status === 429 || status >= 500;
}

/** What the registry asks for, or the back-off; never longer than 30 s. */
function waitMs(received: Received | null, backOffMs: number): number {
  const seconds = Number(received?.headers["retry-after"]);
  return Math.min(
    MAX_WAIT_MS,
    Number.isFinite(seconds) && seconds >= 0 ? Math.max(seconds * 1_000, backOffMs) : backOffMs,
  );
}

export function unreachable(url: URL, cause: unknown): unknown {
  if (cause instanceof WindlassError || !(cause instanceof Error)) return cause;
  const code = (cause as NodeJS.ErrnoException).code ?? cause.name;
  return new WindlassError("registry-unreachable", `the registry ${url.host} does not answer (${code})`, {
    cause,
    retry: "safe",
    hint:
      url.protocol === "https:"
        ? "is it up, and does it speak HTTPS? One without says so in the spec: registry { insecure: true }"
        : "is it up?",
    facts: { registry: url.host, reason: code },
  });
}
