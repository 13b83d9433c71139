import http from "node:http";
import { describe, expect, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { afterStory, ask, edgeWith, replica, replicaOf, until } from "../../../../test/edge/story.js";

describe("streams", () => {
  test("the head and each event of an event stream arrive as they are sent; a client that leaves ends it upstream", async () => {
    let gone = false;
    const stream = await replica("sse", (_, res) => {
      res.writeHead(200, { "content-type": "text/event-stream" });
      res.flushHeaders();
      res.on("close", () => {
        gone = true;
      });
      setTimeout(() => res.write("data: 1\n\n"), 50);
    });
    const { story } = edgeWith();
    const port = await story({ weights: { r1: 100 }, groups: { r1: [stream.port] } });
    const seen: string[] = [];
    await new Promise<void>((resolve) => {
      const request = http.get({ host: "127.0.0.1", port, agent: false }, (response) => {
        seen.push("head");
        response.once("data", (chunk: Buffer) => {
          seen.push(chunk.toString());
          request.destroy();
          resolve();
        });
        response.on("error", () => undefined);
      });
    });
    expect(seen).toEqual(["head", "data: 1\n\n"]);
    await until(() => gone);
  });

  test("a replica that breaks off in the middle of its answer breaks the client's connection, and counts as an error", async () => {
    const broken = await replica("broken", (_, res) => {
      res.writeHead(200, { "content-length": "100" });
      res.write("half");
      setTimeout(() => res.destroy(), 20);
    });
    const { edge, story } = edgeWith();
    const port = await story({ weights: { r1: 100 }, groups: { r1: [broken.port] } });
    await expect(ask(port)).rejects.toThrow();
    await until(() => edge.blocks(0).blocks.some(({ errors, total }) => errors === 1 && total === 1));
  });

  test("a large body goes both ways, unchanged", async () => {
    const echo = await replica("echo", (req, res) => void req.pipe(res));
    const { story } = edgeWith();
    const port = await story({
      weights: { r1: 100 },
      groups: { r1: [echo.port] },
      policy: { maxBodyBytes: 20_000_000 },
    });
    const body = "0123456789abcdef".repeat(500_000);
    for (const headers of [
      {},
      { "transfer-encoding": "chunked" },
      { expect: "100-continue" },
    ] as http.OutgoingHttpHeaders[]) {
      const answer = await ask(port, "/", { method: "POST", body, headers });
      expect(answer.body === body).toBe(true);
    }
  });

  test("a WebSocket passes, with its cookie and its subprotocol, and ends when its replica has drained long enough", async () => {
    const one = await replica("ws");
    const sockets = new WebSocketServer({ server: one.server, handleProtocols: () => "chat" });
    afterStory(() => sockets.close());
    sockets.on("connection", (socket, req) =>
      socket.on("message", (text: Buffer) => socket.send(`${req.headers["x-forwarded-for"]} ${text.toString()}`)),
    );
    const { edge, story } = edgeWith();
    const policy = { drainMs: 50 };
    const port = await story({ weights: { r1: 100 }, groups: { r1: [one.port] }, policy });
    const socket = new WebSocket(`ws://127.0.0.1:${port}/`, ["chat"]);
    await new Promise((resolve) => socket.once("open", resolve));
    const echoed = new Promise<string>((resolve) => socket.once("message", (text: Buffer) => resolve(text.toString())));
    socket.send("hi");
    expect(await echoed).toBe("127.0.0.1 hi");
    expect(socket.protocol).toBe("chat");
    const closed = new Promise((resolve) => socket.once("close", resolve));
    await story({ weights: { r1: 100 }, groups: { r1: [replicaOf(one.port, { draining: true })] }, policy });
    await closed;
    // How long it was open is no latency.
    await until(() => edge.blocks(0).blocks.length === 1);
    expect(edge.blocks(0).blocks).toMatchObject([{ total: 1, errors: 0, slow: 0, latencies: {} }]);
  });

  test("a replica that is told to end when the drain is over may close its WebSockets itself, and the client hears why", async () => {
    const one = await replica("ws");
    const sockets = new WebSocketServer({ server: one.server });
    afterStory(() => sockets.close());
    const { group, story } = edgeWith();
    const policy = { drainMs: 50 };
    const port = await story({ weights: { r1: 100 }, groups: { r1: [one.port] }, policy });
    const socket = new WebSocket(`ws://127.0.0.1:${port}/`);
    await new Promise((resolve) => socket.once("open", resolve));
    const closed = new Promise((resolve) => socket.once("close", resolve));
    await story({ weights: { r1: 100 }, groups: { r1: [replicaOf(one.port, { draining: true })] }, policy });
    // Its SIGTERM comes with the deadline, and how soon it acts on it is its own affair.
    setTimeout(() => sockets.clients.forEach((client) => void client.close(1001)), 2 * policy.drainMs);
    expect(await closed).toBe(1001);
    await until(() => group("r1")?.inFlight === 0);
  });

  test("an upgrade that the replica does not want gets the replica's own answer", async () => {
    const plain = await replica("plain", (_, res) => void res.writeHead(403).end("no"));
    plain.server.on("upgrade", (_, socket) => socket.end("HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno"));
    const { edge, story } = edgeWith();
    const port = await story({ weights: { r1: 100 }, groups: { r1: [plain.port] } });
    const answer = await ask(port, "/", { headers: { connection: "upgrade", upgrade: "websocket" } });
    expect([answer.status, answer.body]).toEqual([403, "no"]);
    // It is an answer like any other, and takes its time.
    await until(() => edge.blocks(0).blocks.length === 1);
    expect(Object.values(edge.blocks(0).blocks[0]?.latencies ?? {})).toEqual([1]);
  });

  test("trailers after a chunked answer arrive", async () => {
    const one = await replica("one", (_, res) => {
      res.writeHead(200, { trailer: "x-checksum" });
      res.write("body");
      res.addTrailers({ "x-checksum": "42" });
      res.end();
    });
    const { story } = edgeWith();
    const port = await story({ weights: { r1: 100 }, groups: { r1: [one.port] } });
    const trailers = await new Promise((resolve) => {
      http.get({ host: "127.0.0.1", port, agent: false }, (response) => {
        response.resume();
        response.on("end", () => resolve(response.trailers));
      });
    });
    expect(trailers).toEqual({ "x-checksum": "42" });
  });
});
