import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Built, buildRelease, type Running, start } from "./running.js";

let built: Built;
let frontend: Running;
let backend: Server;
/** Answers for the backend, by path. */
const answers = new Map<string, Parameters<typeof createServer>[1] & object>();

beforeAll(async () => {
  built = await buildRelease("1.0.0");
  backend = createServer((request, response) => {
    const answer = answers.get(request.url ?? "");
    if (answer === undefined) response.writeHead(404).end();
    else answer(request, response as never);
  });
  await new Promise<void>((resolve) => backend.listen(0, "127.0.0.1", resolve));
  const { port } = backend.address() as AddressInfo;
  frontend = await start(built, "frontend", { BACKEND_URL: `http://127.0.0.1:${port}` });
});
afterAll(async () => {
  await frontend?.end();
  backend?.closeAllConnections();
  await new Promise((resolve) => backend?.close(resolve));
  await built?.remove();
});

const textOf = async (request: IncomingMessage) => Buffer.concat(await request.toArray()).toString();

describe("the page", () => {
  test("comes with a policy that lets nothing else in, and says which release it is of", async () => {
    const answer = await frontend.fetch("/");
    expect(await answer.text()).toContain('<script type="module" src="/page.js">');
    expect(answer.headers.get("content-security-policy")).toContain("default-src 'self'");
    expect(answer.headers.get("x-release")).toBe("1.0.0");
  });

  test("has its parts, which are sent again only when they changed", async () => {
    for (const [part, type] of [
      ["/page.js", "text/javascript; charset=utf-8"],
      ["/style.css", "text/css; charset=utf-8"],
    ] as const) {
      const first = await frontend.fetch(part);
      expect([first.status, first.headers.get("content-type")]).toEqual([200, type]);
      const again = await frontend.fetch(part, { headers: { "if-none-match": first.headers.get("etag") ?? "" } });
      expect([again.status, await again.text()]).toEqual([304, ""]);
    }
  });

  test("leads to no other file", async () => {
    for (const path of ["/server.js", "/..%2fserver.js", "/index.html/", "/apiary"])
      expect((await frontend.fetch(path)).status).toBe(404);
    expect((await frontend.fetch("/", { method: "DELETE" })).status).toBe(405);
  });
});

describe("/api", () => {
  test("is the backend's, with method, body and request id, and its answer comes back as it is", async () => {
    answers.set("/api/projects?limit=1", async (request, response) => {
      const echo = { method: request.method, id: request.headers["x-request-id"], body: await textOf(request) };
      response.writeHead(201, { "x-release": "9.9.9", "content-type": "application/json" });
      response.end(JSON.stringify(echo));
    });
    const answer = await frontend.fetch("/api/projects?limit=1", {
      method: "POST",
      headers: { "x-request-id": "req-1" },
      body: "{}",
    });
    expect([answer.status, answer.headers.get("x-release")]).toEqual([201, "9.9.9"]);
    expect(await answer.json()).toEqual({ method: "POST", id: "req-1", body: "{}" });
  });

  test("tells the backend whom it asks for, and does not hand on what is of one connection", async () => {
    answers.set("/api/headers", (request, response) => {
      response.setHeader("keep-alive", "timeout=1");
      response.end(JSON.stringify(request.headers));
    });
    const answer = await frontend.fetch("/api/headers", { headers: { "x-forwarded-for": "192.0.2.1" } });
    expect(await answer.json()).toMatchObject({ "x-forwarded-for": "192.0.2.1, 127.0.0.1", connection: "close" });
    expect(answer.headers.get("keep-alive")).not.toBe("timeout=1");
  });

  test("is a 502 that says so when the backend breaks off", async () => {
    answers.set("/api/broken", (request) => request.socket.destroy());
    const answer = await frontend.fetch("/api/broken");
    expect(answer.status).toBe(502);
    expect(await answer.json()).toMatchObject({ error: { code: "backend-away" } });
    expect(await frontend.logged((line) => line.message === "the backend does not answer")).toMatchObject({
      level: "warn",
    });
  });
});

test("SIGTERM lets a running answer finish and ends it with 0", async () => {
  const { port } = backend.address() as AddressInfo;
  const one = await start(built, "frontend", { BACKEND_URL: `http://127.0.0.1:${port}` });
  let finish = () => {};
  const asked = new Promise<void>((resolve) =>
    answers.set("/api/slow", (_request, response) => {
      finish = () => response.end("done");
      resolve();
    }),
  );
  const answer = one.fetch("/api/slow");
  await asked;
  const ended = one.terminate();
  await one.logged((line) => line.message === "stopping");
  await expect(one.fetch("/health")).rejects.toThrow();
  finish();
  expect(await (await answer).text()).toBe("done");
  expect(await ended).toBe(0);
});
