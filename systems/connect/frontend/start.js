// @ts-check
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { forwardTo } from "./forward.js";
import { readPages } from "./pages.js";

const SECURITY = {
  "content-security-policy": "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
};
const WELL_FORMED = /^[\w.:-]{1,64}$/;

/**
 * Serves the page, and `/api` from the backend.
 * @param {import("./configuration.js").Configuration} configuration
 * @param {import("../log.js").Logger} log
 * @param {string} release
 */
export function start(configuration, log, release) {
  const pages = readPages(new URL("./public/", import.meta.url));
  let stopping = false;
  const forward = forwardTo(new URL(configuration.BACKEND_URL), log, () => stopping);

  const server = createServer({ keepAliveTimeout: 65_000, requestTimeout: 30_000 }, (incoming, answer) => {
    const path = (incoming.url ?? "/").replace(/\?.*/, "");
    const given = String(incoming.headers["x-request-id"] ?? "");
    const requestId = WELL_FORMED.test(given) ? given : randomUUID();
    if (stopping) answer.setHeader("connection", "close");
    logWhenDone(answer, { requestId, method: incoming.method, path });
    if (/^\/api(\/|$)/.test(path)) return forward(incoming, answer, requestId);
    answer.setHeader("x-request-id", requestId);
    answer.setHeader("x-release", release);
    for (const [name, value] of Object.entries(SECURITY)) answer.setHeader(name, value);
    serve(incoming, answer, path);
  });
  server.listen(configuration.PORT, configuration.HOST, () => {
    log.info({ address: server.address() }, "listening");
    log.info("ready");
  });

  /** @param {import("node:http").IncomingMessage} incoming @param {import("node:http").ServerResponse} answer @param {string} path */
  function serve(incoming, answer, path) {
    if (incoming.method !== "GET" && incoming.method !== "HEAD")
      return answer.writeHead(405, { allow: "GET, HEAD" }).end();
    if (path === "/health") {
      answer.writeHead(200, { "content-type": "application/json", "cache-control": "no-store" });
      return answer.end(JSON.stringify({ status: "ok", release }));
    }
    const page = pages.get(path);
    if (page === undefined)
      return answer.writeHead(404, { "content-type": "text/plain" }).end("There is nothing here.\n");
    if (incoming.headers["if-none-match"] === page.headers.etag) return answer.writeHead(304, page.headers).end();
    return answer.writeHead(200, page.headers).end(incoming.method === "HEAD" ? undefined : page.body);
  }

  /** @param {import("node:http").ServerResponse} answer @param {{ path: string, [field: string]: unknown }} about */
  function logWhenDone(answer, about) {
    const begin = performance.now();
    answer.once("close", () => {
      const responseTime = Math.round((performance.now() - begin) * 100) / 100;
      const line = { ...about, statusCode: answer.statusCode, responseTime, whole: answer.writableFinished };
      log[about.path === "/health" ? "debug" : "info"](line, "answered");
    });
  }

  async function stop() {
    stopping = true;
    let inTime = true;
    const late = setTimeout(() => {
      inTime = false;
      server.closeAllConnections();
    }, configuration.SHUTDOWN_GRACE_MS);
    await new Promise((resolve) => server.close(resolve));
    clearTimeout(late);
    return inTime;
  }
  return { server, stop };
}
