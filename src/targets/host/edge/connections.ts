import { buildConnector, Client } from "undici";

const CONNECT_WITHIN_MS = 2_000;
/** Below Node's default of 5 s, after which a replica closes an idle connection; a shorter Keep-Alive hint is honoured. */
const IDLE_MS = 4_000;
/** How long before the hinted time a connection is given up. */
const HINT_MARGIN_MS = 1_000;
const FORGET_IDLE_CLIENT_MS = 10_000;
/** A request that must not be sent twice gets a connection that was in use just now, or a new one. */
const FRESH_MS = 1_000;

const connect = buildConnector({ timeout: CONNECT_WITHIN_MS });

/** One upstream connection (undici reconnects inside), in use by one request at a time. */
export interface Connection {
  readonly client: Client;
  usedAt: number;
}

/**
 * The keep-alive connections to one replica: a stack, so that the busiest stay warm and the others run out. undici's
 * own Pool searches its clients per request and cannot tell how long a connection has been idle.
 */
export class Connections {
  readonly #origin: string;
  readonly #idle: Connection[] = [];
  readonly #all = new Set<Connection>();
  #retired = false;

  constructor(host: string, port: number) {
    this.#origin = `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
  }

  /** `repeatable`: the request may be sent again if the replica closes the connection at this moment. */
  take(now: number, repeatable: boolean): Connection {
    const top = this.#idle[this.#idle.length - 1];
    if (top !== undefined && (repeatable || now - top.usedAt < FRESH_MS)) {
      this.#idle.pop();
      return top;
    }
    const client = new Client(this.#origin, {
      connect,
      pipelining: 1,
      keepAliveTimeout: IDLE_MS,
      keepAliveMaxTimeout: FORGET_IDLE_CLIENT_MS,
      keepAliveTimeoutThreshold: HINT_MARGIN_MS,
      bodyTimeout: 0,
      maxHeaderSize: 64 * 1024,
    });
    const connection = { client, usedAt: now };
    this.#all.add(connection);
    return connection;
  }

  release(connection: Connection, now: number, broken: boolean): void {
    if (broken || this.#retired) {
      this.#close(connection);
      return;
    }
    connection.usedAt = now;
    this.#idle.push(connection);
  }

  /** Closes what has not been used for a while; called every second. */
  sweep(now: number): void {
    while (this.#idle[0] !== undefined && now - this.#idle[0].usedAt > FORGET_IDLE_CLIENT_MS)
      this.#close(this.#idle.shift() as Connection);
  }

  /** The replica drains: idle connections close now, the others when their request is done. */
  retire(): void {
    this.#retired = true;
    for (const connection of this.#idle.splice(0)) this.#close(connection);
  }

  /** It is wanted again before it was drained. */
  revive(): void {
    this.#retired = false;
  }

  /** The deadline of the drain has passed: what still runs is cut. */
  destroy(): void {
    this.retire();
    for (const connection of this.#all) {
      this.#all.delete(connection);
      connection.client.destroy(new Error("the drain deadline has passed"), () => undefined);
    }
  }

  #close(connection: Connection): void {
    this.#all.delete(connection);
    connection.client.close(() => undefined);
  }
}
