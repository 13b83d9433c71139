import http from "node:http";
import net from "node:net";
import { describe, expect, test } from "vitest";
import { afterStory, ask, edgeWith, replica, until } from "../../../../test/edge/story.js";
import type { EdgeService } from "./protocol.js";

describe("bad clients", () => {
  /** Sends raw bytes and returns what comes until the connection ends. */
  function raw(port: number, ...pieces: string[]): Promise<string> {
    return new Promise((resolve) => {
      let text = "";
      const socket = net.connect(port, "127.0.0.1", () => {
        for (const piece of pieces) socket.write(piece);
      });
      socket.on("data", (chunk) => {
        text += chunk.toString();
      });
      socket.on("error", () => undefined);
      socket.on("close", () => resolve(text));
    });
  }

  async function echoing(limits = {}, policy: Partial<EdgeService["policy"]> = {}) {
    const echo = await replica("echo", (req, res) => void req.pipe(res));
    return edgeWith({ limits }).story({ weights: { r1: 100 }, groups: { r1: [echo.port] }, policy });
  }

  test("smuggling: a length beside chunks, two lengths, and a bare line feed in a header are refused", async () => {
    const port = await echoing();
    const head = "POST / HTTP/1.1\r\nHost: a\r\n";
    for (const bad of [
      "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcd",
      "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
      "X: a\nContent-Length: 0\r\n\r\n",
    ])
      expect(await raw(port, head + bad)).toMatch(/^HTTP\/1.1 400 Bad Request\r\n[\s\S]*"edge-bad-request"/);
  });

  test("a header that is too large gets 431, a slow one 408", async () => {
    const port = await echoing({ headersTimeoutMs: 100, requestTimeoutMs: 200 });
    expect(await raw(port, `GET / HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(20_000)}\r\n\r\n`)).toMatch(/^HTTP\/1.1 431 /);
    expect(await raw(port, "GET / HTTP/1.1\r\nHost: a\r\n")).toMatch(/^HTTP\/1.1 408 /);
  });

  test("a body that is announced or turns out too large gets 413, and the replica is not blamed", async () => {
    const port = await echoing({}, { maxBodyBytes: 1_000 });
    for (const headers of [{}, { "transfer-encoding": "chunked" }] as http.OutgoingHttpHeaders[]) {
      const answer = await ask(port, "/", { method: "PUT", body: "x".repeat(5_000), headers });
      expect([answer.status, JSON.parse(answer.body).code]).toEqual([413, "edge-body-too-large"]);
    }
    expect((await ask(port, "/", { method: "PUT", body: "small" })).body).toBe("small");
  });

  test("a body that the replica did not read does not block the connection's next request", async () => {
    const rude = await replica("rude", (_, res) => void res.writeHead(401).end("no"));
    const port = await edgeWith().story({ weights: { r1: 100 }, groups: { r1: [rude.port] } });
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    afterStory(() => agent.destroy());
    for (let request = 0; request < 3; request++) {
      const { status } = await ask(port, "/", { agent, method: "POST", body: "x".repeat(500_000) });
      expect(status).toBe(401);
    }
  });

  test("more connections than allowed are not served, the others are", async () => {
    const port = await echoing({ connections: 1 });
    const first = net.connect(port, "127.0.0.1");
    afterStory(() => first.destroy());
    await new Promise((resolve) => first.once("connect", resolve));
    await expect(ask(port)).rejects.toThrow();
    first.destroy();
    await until(async () => (await ask(port).catch(() => null))?.status === 200);
  });

  test("an answer that does not come in time is 504 with a code", async () => {
    const silent = await replica("silent", () => undefined);
    const port = await edgeWith().story({
      weights: { r1: 100 },
      groups: { r1: [silent.port] },
      policy: { requestTimeoutMs: 300 },
    });
    const answer = await ask(port);
    expect([answer.status, JSON.parse(answer.body).code]).toEqual([504, "edge-upstream-timeout"]);
  });

  test("HEAD, 204 and 304 have no body and keep their headers; answers carry the request's id", async () => {
    const one = await replica("one", (req, res) => {
      if (req.url === "/204") res.writeHead(204).end();
      else if (req.url === "/304") res.writeHead(304, { etag: '"x"' }).end();
      else res.writeHead(200, { "content-length": "5" }).end("hello");
    });
    const port = await edgeWith().story({ weights: { r1: 100 }, groups: { r1: [one.port] } });
    const head = await ask(port, "/", { method: "HEAD", headers: { "x-request-id": "mine" } });
    expect([head.status, head.headers["content-length"], head.headers["x-request-id"], head.body]).toEqual([
      200,
      "5",
      "mine",
      "",
    ]);
    expect((await ask(port, "/204")).status).toBe(204);
    expect((await ask(port, "/304")).headers.etag).toBe('"x"');
  });

  test("an offer to speak HTTP/2 is declined by answering, body and all; the connection goes on", async () => {
    const port = await echoing();
    const offer = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n";
    const seen = await raw(
      port,
      `POST / HTTP/1.1\r\nHost: a\r\n${offer}Content-Length: 5\r\n\r\nhello`,
      "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 5\r\n\r\nagain",
    );
    expect(seen.match(/HTTP\/1.1 200 OK/g)).toHaveLength(2);
    expect(seen).toMatch(/hello[\s\S]*again/);
  });

  test("requests that are sent one after the other without waiting are answered in their order", async () => {
    const port = await echoing();
    const post = (body: string, last = "") => `POST / HTTP/1.1\r\nHost: a\r\n${last}Content-Length: 3\r\n\r\n${body}`;
    const seen = await raw(port, post("one") + post("two") + post("six", "Connection: close\r\n"));
    expect(seen.replace(/HTTP\/1.1 200 OK[\s\S]*?\r\n\r\n/g, "").replace(/[^a-z]/g, "")).toBe("onetwosix");
  });
});
