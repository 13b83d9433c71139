import type { Readable } from "node:stream";
import { Pool } from "undici";
import { WindlassError } from "../../../../error.js";
import type { ClusterTls } from "../access/access.js";
import type { ClientCertificate, Identity } from "../access/credentials.js";

export interface Exchange {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** With query, without the server's own path. */
  readonly path: string;
  readonly body: string | null;
  readonly contentType: string | null;
  readonly accept: string;
  readonly signal: AbortSignal;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** To be read or destroyed by the caller. */
  readonly body: Readable;
}

export interface WireLimits {
  /** Connections for requests. */
  readonly connections: number;
  /** Connections for watches and logs, each of which takes one as long as it lasts. */
  readonly streams: number;
  readonly connectMs: number;
}

interface Pools {
  readonly certificate: ClientCertificate | null;
  readonly requests: Pool;
  readonly streams: Pool;
}

/** Connections to one API server. A new client certificate needs new ones; running exchanges end on the old. */
export class Wire {
  readonly #origin: string;
  readonly #prefix: string;
  readonly #tls: ClusterTls;
  readonly #limits: WireLimits;
  readonly #userAgent: string;
  readonly #retired = new Set<Pools>();
  #pools: Pools | null = null;
  #streams = 0;

  constructor(server: string, tls: ClusterTls, limits: WireLimits, userAgent: string) {
    const url = new URL(server);
    this.#origin = url.origin;
    this.#prefix = url.pathname.replace(/\/+$/, "");
    this.#tls = tls;
    this.#limits = limits;
    this.#userAgent = userAgent;
  }

  send(exchange: Exchange, identity: Identity): Promise<Answer> {
    return this.#send(this.#poolsFor(identity.certificate).requests, exchange, identity);
  }

  /** For answers that last. */
  async stream(exchange: Exchange, identity: Identity): Promise<Answer> {
    if (this.#streams >= this.#limits.streams)
      throw new WindlassError("kubernetes-busy", `${this.#streams} watches and logs are open already`, {
        retry: "safe",
      });
    this.#streams++;
    const closed = () => {
      this.#streams--;
    };
    try {
      const answer = await this.#send(this.#poolsFor(identity.certificate).streams, exchange, identity);
      answer.body.once("close", closed);
      return answer;
    } catch (error) {
      closed();
      throw error;
    }
  }

  /** Ends what runs, too. */
  async close(): Promise<void> {
    const all = [...this.#retired, ...(this.#pools === null ? [] : [this.#pools])];
    await Promise.all(all.flatMap(({ requests, streams }) => [requests.destroy(), streams.destroy()]));
  }

  async #send(pool: Pool, exchange: Exchange, { authorization }: Identity): Promise<Answer> {
    const { statusCode, headers, body } = await pool.request({
      method: exchange.method,
      path: `${this.#prefix}${exchange.path}`,
      body: exchange.body,
      signal: exchange.signal,
      headers: {
        accept: exchange.accept,
        "user-agent": this.#userAgent,
        ...(exchange.contentType === null ? {} : { "content-type": exchange.contentType }),
        ...(authorization === null ? {} : { authorization }),
      },
    });
    return { status: statusCode, headers, body };
  }

  #poolsFor(certificate: ClientCertificate | null): Pools {
    const present = this.#pools;
    if (present !== null && same(present.certificate, certificate)) return present;
    if (present !== null) this.#retire(present);
    const pools = {
      certificate,
      requests: this.#pool(certificate, this.#limits.connections),
      streams: this.#pool(certificate, this.#limits.streams),
    };
    this.#pools = pools;
    return pools;
  }

  #retire(pools: Pools): void {
    this.#retired.add(pools);
    const done = () => this.#retired.delete(pools);
    Promise.all([pools.requests.close(), pools.streams.close()]).then(done, done);
  }

  #pool(certificate: ClientCertificate | null, connections: number): Pool {
    const { ca, insecure, serverName } = this.#tls;
    return new Pool(this.#origin, {
      connections,
      // Every exchange brings a deadline of its own.
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: 30_000,
      connect: {
        timeout: this.#limits.connectMs,
        keepAlive: true,
        keepAliveInitialDelay: 20_000,
        rejectUnauthorized: !insecure,
        ...(ca === null ? {} : { ca }),
        ...(serverName === null ? {} : { servername: serverName }),
        ...(certificate === null ? {} : { cert: certificate.cert, key: certificate.key }),
      },
    });
  }
}

function same(a: ClientCertificate | null, b: ClientCertificate | null): boolean {
  return a === b || (a !== null && b !== null && a.cert === b.cert && a.key === b.key);
}
