import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { openSignalProvider } from "../../src/observe/signals/open.js";
import type { CompiledSource } from "../../src/spec/compiled.js";
import { EVERY_MS, type Served, type SignalWorld, STALE_MS } from "./signal-provider.js";

const WALL = Date.parse("2026-11-21T08:00:00Z");
/** Long enough for a loaded machine to answer; a story with a source that hangs waits for it. */
export const TIMEOUT_MS = 1_500;
export const POLLED = { everyMs: EVERY_MS, timeoutMs: TIMEOUT_MS, staleMs: STALE_MS };

type Answering = (request: http.IncomingMessage, body: string, response: http.ServerResponse) => void;

/** A server on loopback that can go away, keep its port, and come back. */
export class FakeServer {
  #server: http.Server | null = null;
  #port = 0;
  #hangs = false;
  #answer: Answering;

  constructor(answer: Answering) {
    this.#answer = answer;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async listen(): Promise<this> {
    const server = http.createServer((request, response) => {
      if (this.#hangs) return;
      // The world has a wall clock of its own.
      response.sendDate = false;
      let body = "";
      request.setEncoding("utf8").on("data", (chunk: string) => {
        body += chunk;
      });
      request.on("end", () => this.#answer(request, body, response));
    });
    server.listen(this.#port, "127.0.0.1");
    await once(server, "listening");
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
    return this;
  }

  answer(answer: Answering): void {
    this.#answer = answer;
  }

  hang(): void {
    this.#hangs = true;
  }

  async close(): Promise<void> {
    const server = this.#server;
    if (server === null) return;
    this.#server = null;
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    await closed;
  }
}

/** What a source that counts from the beginning knows. */
export class Counters {
  readonly #groups = new Map<string, { bad: number; total: number }>();

  of(group: string): Served | null {
    return this.#groups.get(group) ?? null;
  }

  begin(group: string): void {
    this.#groups.set(group, { bad: 0, total: 0 });
  }

  add(group: string, { bad, total }: Served): void {
    const counted = this.#groups.get(group) ?? { bad: 0, total: 0 };
    this.#groups.set(group, { bad: counted.bad + bad, total: counted.total + total });
  }
}

export async function webWorld(
  answer: (counters: Counters) => Answering,
  source: (url: string) => CompiledSource,
): Promise<SignalWorld & { readonly server: FakeServer }> {
  const counters = new Counters();
  const server = await new FakeServer(answer(counters)).listen();
  const provider = openSignalProvider({
    clock: { now: () => world.now, wall: () => WALL + world.now },
    secret: async (environment, name) => `value-of-${environment.replace("/", "-")}-${name}`,
    otlp: null,
    directory: "/",
    report: (error) => {
      throw error;
    },
  });
  const world = {
    provider,
    server,
    source: source(server.url),
    now: 1_000_000,
    start: async (group: string) => counters.begin(group),
    serve: async (group: string, served: Served) => counters.add(group, served),
    restart: async (group: string) => counters.begin(group),
    away: () => server.close(),
    back: async () => {
      await server.listen();
    },
    hang: async () => server.hang(),
    end: async () => {
      await provider.close();
      await server.close();
    },
  };
  return world;
}

/** `requests{group="r1"}`, `errors{group="r1"}`: enough of PromQL for stories. An error is counted once there is one. */
export function prometheusWorld(token: string | null = null) {
  return webWorld(
    (counters) => (_request, body, response) => {
      const query = new URLSearchParams(body).get("query") ?? "";
      const [, metric, group = ""] = /^(\w+)\{group="(.*)"\}$/.exec(query) ?? [];
      const counted = counters.of(group);
      const value = metric === "errors" ? counted?.bad || undefined : counted?.total;
      const labels = { replica: `web-${group}-1`, group };
      const result = value === undefined ? [] : [{ metric: labels, value: [0, String(value)] }];
      response.end(JSON.stringify({ status: "success", data: { resultType: "vector", result } }));
    },
    (url) => ({
      ...POLLED,
      kind: "prometheus",
      url,
      bad: 'errors{group="{{group}}"}',
      total: 'requests{group="{{group}}"}',
      replicaLabel: "replica",
      token,
    }),
  );
}

export function webQueryWorld(token: string | null = null) {
  return webWorld(
    (counters) => (request, _body, response) => {
      const counted = counters.of(new URL(request.url ?? "/", "http://fake").searchParams.get("group") ?? "");
      response.end(JSON.stringify({ requests: { all: counted?.total ?? null, "5xx": counted?.bad ?? null } }));
    },
    (url) => ({
      ...POLLED,
      kind: "http",
      url: `${url}/counts?group={{group}}`,
      bad: "/requests/5xx",
      total: "/requests/all",
      counts: "cumulative",
      token,
    }),
  );
}
