import http from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach } from "vitest";
import { Edge, type EdgeOptions } from "../../src/targets/host/edge/edge.js";
import type { EdgeReplica, EdgeService } from "../../src/targets/host/edge/protocol.js";

/** A service of a story: what the story is about is named, the rest is ordinary. Replicas are given by their ports. */
export interface ServiceStory {
  readonly weights: Readonly<Record<string, number>>;
  readonly groups: Readonly<Record<string, readonly (number | EdgeReplica)[]>>;
  readonly routes?: EdgeService["routes"];
  readonly sticky?: EdgeService["sticky"];
  readonly policy?: Partial<EdgeService["policy"]>;
  readonly port?: number;
  readonly tls?: EdgeService["tls"];
  readonly key?: string;
}

export function replicaOf(port: number, over: Partial<EdgeReplica> = {}): EdgeReplica {
  return { id: `p${port}`, host: "127.0.0.1", port, ready: true, draining: false, probePath: null, ...over };
}

export function serviceOf(story: ServiceStory): EdgeService {
  const groups = Object.entries(story.groups).map(([id, replicas]) => [
    id,
    { label: id, replicas: replicas.map((one) => (typeof one === "number" ? replicaOf(one) : one)) },
  ]);
  return {
    key: story.key ?? "test/test/web",
    listener: { host: "127.0.0.1", port: story.port ?? 0 },
    tls: story.tls ?? null,
    weights: story.weights,
    routes: story.routes ?? [],
    sticky: story.sticky ?? null,
    policy: {
      outAfterFailures: 3,
      inAfterSuccesses: 2,
      retries: 2,
      holdMs: 10_000,
      drainMs: 10_000,
      requestTimeoutMs: 30_000,
      maxBodyBytes: 1_000_000,
      ...story.policy,
    },
    slowMs: null,
    groups: Object.fromEntries(groups),
  };
}

/** What a story's client saw. */
export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

/** One request on a connection of its own, unless an agent is given. Rejects when the connection breaks. */
export function ask(
  port: number,
  path = "/",
  options: http.RequestOptions & { body?: string | Buffer } = {},
): Promise<Answer> {
  const { body, ...rest } = options;
  return new Promise((resolve, reject) => {
    const request = http.request({ host: "127.0.0.1", port, path, agent: false, ...rest }, (response) => {
      let text = "";
      response.on("data", (chunk: Buffer) => {
        text += chunk.toString();
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }));
      response.on("error", reject);
    });
    request.on("error", reject);
    request.end(body);
  });
}

/** A replica of a story: answers with its name, unless the story has its own handler. */
export async function upstream(
  name: string,
  handler: http.RequestListener = (_, res) => void res.end(name),
): Promise<{ readonly port: number; readonly server: http.Server; close(): Promise<void> }> {
  const server = http.createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { port: (server.address() as AddressInfo).port, server, close };
}

/** Waits until it is so; a story that never gets there fails by its test's own deadline. */
export async function until(so: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await so())) await new Promise((resolve) => setTimeout(resolve, 10));
}

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** Runs after the story, last registered first. */
export function afterStory(end: () => unknown): void {
  ends.push(end);
}

/** A replica that ends with its story. */
export async function replica(name: string, handler?: http.RequestListener) {
  const one = await upstream(name, handler);
  afterStory(() => one.close());
  return one;
}

/** A port that nobody listens on. */
export async function deadPort(): Promise<number> {
  const one = await upstream("dead");
  await one.close();
  return one.port;
}

/** An edge in this process, and the way to put tables into it; both resolve with the first service's port. */
export function edgeWith(options: Partial<EdgeOptions> = {}) {
  const edge = new Edge({ version: "test", accessLog: null, ...options });
  afterStory(() => edge.close());
  let generation = 0;
  const put = async (...services: EdgeService[]): Promise<number> => {
    generation += 1;
    await edge.apply({ generation, services });
    return edge.status().services[services[0]?.key ?? ""]?.port ?? 0;
  };
  const group = (id: string) => edge.status().services["test/test/web"]?.groups[id];
  return { edge, put, group, story: (story: ServiceStory) => put(serviceOf(story)) };
}

export const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));
