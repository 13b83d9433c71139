import type { Readable } from "node:stream";
import { WindlassError } from "../../error.js";
import { Authorization, denied } from "./authorization.js";
import { parseChallenge } from "./challenge.js";
import type { CredentialSource } from "./credentials.js";
import { type Received, type Sent, Transport, unreachable } from "./transport.js";

export interface RegistryOptions {
  readonly credentials: CredentialSource;
  /** HTTP instead of HTTPS. */
  readonly insecure: boolean;
  /** First wait before a request is made again, milliseconds; doubled each time. */
  readonly backOffMs?: number;
}

const MAX_ERROR_BYTES = 64 * 1024;

/** Requests to one registry that it lets through: challenges are answered, refusals become errors. */
export class Session {
  readonly host: string;
  readonly transport: Transport;
  /** A repository that has a blob, by digest: what services share is sent once. */
  readonly holders = new Map<string, string>();
  readonly #origin: string;
  readonly #authorization: Authorization;

  constructor(host: string, options: RegistryOptions) {
    this.host = host;
    const address = host === "docker.io" ? "registry-1.docker.io" : host;
    this.#origin = `${options.insecure ? "http" : "https"}://${address}`;
    this.transport = new Transport(options.backOffMs);
    this.#authorization = new Authorization(host, options.insecure, options.credentials, this.transport);
  }

  sent(method: Sent["method"], path: string, headers: Readonly<Record<string, string>> = {}): Sent {
    return { method, url: new URL(path, this.#origin), headers };
  }

  /** A request that may be made again. A challenge is answered, and once more for a token that has expired. */
  async ask(sent: Sent, scope: string): Promise<Received> {
    for (let attempt = 0; ; attempt += 1) {
      const headers = { ...sent.headers, ...this.allow(sent.url, scope) };
      const received = await this.transport.again({ ...sent, headers });
      if (received.statusCode !== 401 || attempt === 2) return received;
      await received.body.dump();
      await this.#authorization.answer(parseChallenge(received.headers["www-authenticate"]), scope);
    }
  }

  /** The header for the registry itself; an upload or a storage elsewhere gets none. */
  allow(url: URL, scope: string): Readonly<Record<string, string>> {
    const authorization = url.origin === this.#origin ? this.#authorization.header(scope) : undefined;
    return authorization === undefined ? {} : { authorization };
  }

  async refusal(received: Received, what: string): Promise<WindlassError> {
    const status = received.statusCode;
    const text = await this.read(received.body, MAX_ERROR_BYTES);
    if (status === 401 || status === 403) return denied(this.host, true);
    const words = wordsOf(text) || `status ${status}`;
    return new WindlassError("registry-refused", `${this.host} refused ${what}: ${words}`, {
      facts: { registry: this.host, status },
      retry: status >= 500 || status === 429 ? "safe" : "never",
    });
  }

  /** A body that is read whole. */
  async read(body: Readable, limit: number): Promise<Buffer> {
    const chunks: Buffer[] = [];
    let bytes = 0;
    try {
      for await (const chunk of body as AsyncIterable<Buffer>) {
        bytes += chunk.length;
        if (bytes > limit)
          throw new WindlassError("registry-answer", `${this.host} answered with more than ${limit} bytes`);
        chunks.push(chunk);
      }
    } catch (error) {
      throw unreachable(new URL(this.#origin), error);
    }
    return Buffer.concat(chunks);
  }
}

export function pull(repository: string): string {
  return `repository:${repository}:pull`;
}

export function push(repository: string): string {
  return `repository:${repository}:pull,push`;
}

/** `{ "errors": [{ "code": "…", "message": "…" }] }`; empty for anything else, such as a proxy's page. */
function wordsOf(text: Buffer): string {
  try {
    const { errors } = JSON.parse(text.toString("utf8")) as { errors?: readonly { code?: string; message?: string }[] };
    const words = (errors ?? []).map(({ code, message }) => message ?? code ?? "");
    return words.join("; ").slice(0, 500);
  } catch {
    return "";
  }
}
