import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { WebSocketServer } from "ws";
import { type Load, startLoad } from "./load.js";
import type { HttpTemplate } from "./template.js";

const servers: Server[] = [];
const loads: Load[] = [];
afterEach(async () => {
  await Promise.all(loads.splice(0).map((load) => load.stop(0)));
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

type Handler = (request: IncomingMessage, response: ServerResponse) => void;
async function serve(handler: Handler): Promise<{ baseUrl: string; server: Server }> {
  const server = createServer(handler);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}
const start = (...[options]: Parameters<typeof startLoad>) => {
  const load = startLoad(options);
  loads.push(load);
  return load;
};
const until = async (holds: () => boolean) => {
  while (!holds()) await sleep(5);
};
const get: HttpTemplate = { name: "get", weight: 1, path: "/" };

describe("every request is accounted for", () => {
  test("when all goes well: what was sent is what the server saw and what was answered", async () => {
    let seen = 0;
    const { baseUrl } = await serve((_request, response) => {
      seen += 1;
      response.setHeader("x-release", "1.0.0").end("hello");
    });
    const load = start({ baseUrl, ratePerSecond: 400, mix: [get] });
    await until(() => load.snapshot().sent >= 200);
    const report = await load.stop();
    expect(report).toMatchObject({ sent: seen, answered: seen, good: seen, due: seen, failed: 0, outstanding: 0 });
    expect(report.perRelease["1.0.0"]?.good).toBe(seen);
    expect(report.latency.count).toBe(seen);
    expect(report.bytes).toBe(seen * 5);
  });

  test("in the mix that was asked for, with bodies made per request", async () => {
    const seen = new Map<string, number>();
    const names = new Set<string>();
    const { baseUrl } = await serve((request, response) => {
      const key = `${request.method} ${request.url}`;
      seen.set(key, (seen.get(key) ?? 0) + 1);
      request.on("data", (chunk) => names.add(String(chunk))).on("end", () => response.writeHead(201).end());
    });
    const post: HttpTemplate = { name: "post", weight: 1, method: "POST", path: "/c", body: (n: number) => ({ n }) };
    const load = start({ baseUrl, ratePerSecond: 500, mix: [{ ...get, weight: 4 }, post] });
    await until(() => load.snapshot().sent >= 100);
    const { perTemplate } = await load.stop();
    const [gets, posts] = [perTemplate.get?.sent ?? 0, perTemplate.post?.sent ?? 0];
    expect(Object.fromEntries(seen)).toEqual({ "GET /": gets, "POST /c": posts });
    expect(Math.abs(gets - 4 * posts)).toBeLessThanOrEqual(4);
    expect(names.size).toBe(posts);
  });

  test("when the server cuts some of them off", async () => {
    let seen = 0;
    const { baseUrl } = await serve((request, response) => {
      seen += 1;
      if (seen % 5 === 0) request.socket.destroy();
      else response.end();
    });
    const load = start({ baseUrl, ratePerSecond: 400, mix: [get] });
    await until(() => load.snapshot().sent >= 100);
    const report = await load.stop();
    expect([report.sent, report.failed]).toEqual([seen, Math.floor(seen / 5)]);
    expect(report.answered + report.failed).toBe(report.sent);
    expect(report.reasons).toEqual({ UND_ERR_SOCKET: report.failed });
  });

  test("when an answer breaks in the middle of its body", async () => {
    const { baseUrl } = await serve((request, response) => {
      response.writeHead(200, { "content-length": 100 }).write("half", () => request.socket.destroy());
    });
    const load = start({ baseUrl, ratePerSecond: 200, mix: [get] });
    await until(() => load.snapshot().failed >= 10);
    const report = await load.stop();
    expect([report.good, report.failed]).toEqual([0, report.sent]);
  });

  test("when nobody listens", async () => {
    const { baseUrl, server } = await serve(() => undefined);
    await new Promise((resolve) => server.close(resolve));
    const load = start({ baseUrl, ratePerSecond: 200, mix: [get] });
    await until(() => load.snapshot().failed >= 10);
    const report = await load.stop();
    expect(report.reasons).toEqual({ ECONNREFUSED: report.sent });
    expect(report.samples).toHaveLength(Math.min(20, report.sent));
  });

  test("when answers are still missing at the end", async () => {
    const { baseUrl } = await serve(() => undefined);
    const load = start({ baseUrl, ratePerSecond: 200, mix: [get] });
    await until(() => load.snapshot().outstanding >= 10);
    const report = await load.stop(0);
    expect(report.reasons).toEqual({ "unanswered when the load ended": report.sent });
    expect(report.outstanding).toBe(0);
  });

  test("when there are too many of them: they are shed, and that is said", async () => {
    const { baseUrl } = await serve(() => undefined);
    const load = start({ baseUrl, ratePerSecond: 500, mix: [get], maxOutstanding: 5 });
    await until(() => load.snapshot().shed >= 10);
    const counts = load.snapshot();
    expect([counts.sent, counts.due]).toEqual([5, 5 + counts.shed]);
  });
});

describe("a failure", () => {
  test("by design is told from others by the caller's predicate, with its first and last time", async () => {
    let seen = 0;
    const { baseUrl } = await serve((_request, response) => {
      seen += 1;
      const [status, release] = seen % 4 === 0 ? [500, "bad"] : seen % 4 === 1 ? [502, "good"] : [200, "good"];
      response.writeHead(status, { "x-windlass-group": release }).end();
    });
    const byDesign = ({ status, headers }: { status: number; headers: Readonly<Record<string, unknown>> }) =>
      status === 500 && headers["x-windlass-group"] === "bad";
    const load = start({ baseUrl, ratePerSecond: 400, mix: [get], byDesign });
    await until(() => load.snapshot().failedByDesign >= 10);
    const report = await load.stop();
    const { good, bad } = report.perRelease;
    expect(report.failedByDesign).toBe(Math.floor(seen / 4));
    expect(bad).toMatchObject({ failedByDesign: report.failedByDesign, good: 0, failed: 0 });
    expect(report.failed).toBe(good?.failed);
    expect(report.reasons).toEqual({ "status 502": report.failed });
    expect([report.firstBadAt, report.lastBadAt]).toEqual([bad?.firstAnsweredAt, bad?.lastAnsweredAt]);
    expect(report.lastBadSentAt).toBe(bad?.lastSentAt);
  });

  test("is what the template does not accept", async () => {
    const { baseUrl } = await serve((_request, response) => response.writeHead(404).end());
    const missing: HttpTemplate = { ...get, name: "missing", accepts: ({ status }) => status === 404 };
    const load = start({ baseUrl, ratePerSecond: 400, mix: [get, missing] });
    await until(() => load.snapshot().sent >= 50);
    const { perTemplate } = await load.stop();
    expect(perTemplate.missing?.failed).toBe(0);
    expect(perTemplate.get?.failed).toBe(perTemplate.get?.sent);
  });
});

test("a stalled server does not slow the load down, and the stall is in the latency of those that waited", async () => {
  const held: ServerResponse[] = [];
  let stalled = true;
  const { baseUrl } = await serve((_request, response) => {
    if (stalled) held.push(response);
    else response.end();
  });
  const load = start({ baseUrl, ratePerSecond: 200, mix: [get], connections: 5 });
  await until(() => held.length === 5);
  const begin = performance.now();
  await until(() => load.snapshot().sent >= 60);
  expect([held.length, load.snapshot().answered]).toEqual([5, 0]);
  const stall = performance.now() - begin;
  stalled = false;
  for (const response of held) response.end();
  const report = await load.stop();
  expect(report.good).toBe(report.sent);
  expect(report.latency.max).toBeGreaterThanOrEqual(stall * 0.99);
});

describe("a WebSocket", () => {
  const socket = { kind: "websocket", name: "ws", weight: 1, path: "/ws", message: "ping", everyMs: 10 } as const;
  const echo = async () => {
    const { baseUrl, server } = await serve((_request, response) => response.end());
    const sockets = new WebSocketServer({ server });
    sockets.on("connection", (one) => one.on("message", (data) => one.send(String(data))));
    return { baseUrl, sockets };
  };

  test("is good when it opens, is answered and ends with our close", async () => {
    const { baseUrl } = await echo();
    const load = start({ baseUrl, ratePerSecond: 50, mix: [{ ...socket, holdMs: 30 }] });
    await until(() => load.snapshot().good >= 5);
    const report = await load.stop();
    expect([report.good, report.failed]).toEqual([report.sent, 0]);
    expect(report.sockets.messages).toBeGreaterThan(report.sent);
  });

  test("is good when the server says that it goes away, and failed when the line is cut", async () => {
    const { baseUrl, sockets } = await echo();
    const load = start({ baseUrl, ratePerSecond: 50, mix: [{ ...socket, holdMs: 60_000 }] });
    await until(() => sockets.clients.size >= 4);
    const [polite, rude] = sockets.clients;
    polite?.close(1001);
    rude?.terminate();
    await until(() => load.snapshot().good + load.snapshot().failed >= 2);
    const report = await load.stop();
    expect(report.sockets.closedByServer).toBe(1);
    expect(report.reasons).toEqual({ "socket closed with 1006": 1 });
  });

  test("that does not open is a failure", async () => {
    const { baseUrl } = await serve((_request, response) => response.writeHead(503).end());
    const load = start({ baseUrl, ratePerSecond: 50, mix: [{ ...socket, holdMs: 10 }] });
    await until(() => load.snapshot().failed >= 3);
    expect((await load.stop()).reasons).toEqual({ "socket did not open": expect.any(Number) });
  });
});
