// @ts-check
import { request } from "node:http";
import { pipeline } from "node:stream";
import { told } from "../log.js";

/** For one connection only (RFC 9110, 7.6.1). */
const HOP_BY_HOP = ["connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"];
const PATIENCE_MS = 30_000;

/**
 * Hands a request to the backend and its answer back, both as streams. In a cluster the ingress sends `/api` there by
 * itself; this is for where there is none.
 *
 * A connection for each request: one that is kept could be closed by a backend that stops just when it is used again.
 * @param {URL} backend
 * @param {import("../log.js").Logger} log
 * @param {() => boolean} isStopping
 */
export function forwardTo(backend, log, isStopping) {
  /**
   * @param {import("node:http").IncomingMessage} incoming
   * @param {import("node:http").ServerResponse} answer
   * @param {string} requestId
   */
  return (incoming, answer, requestId) => {
    const headers = withoutHops(incoming.headers);
    headers["x-request-id"] = requestId;
    headers["x-forwarded-for"] = [incoming.headers["x-forwarded-for"], incoming.socket.remoteAddress].flat().join(", ");
    const { method, url } = incoming;
    const outgoing = request(new URL(url ?? "/", backend), { method, headers, agent: false, timeout: PATIENCE_MS });
    outgoing.once("timeout", () => outgoing.destroy(new Error("the backend took too long")));
    outgoing.once("response", (response) => {
      // Asked now: the signal may have come after the request.
      if (isStopping()) answer.setHeader("connection", "close");
      answer.writeHead(response.statusCode ?? 502, withoutHops(response.headers));
      pipeline(response, answer, (error) => {
        if (error) log.warn({ requestId, ...told(error) }, "an answer broke off");
      });
    });
    outgoing.once("error", (error) => {
      log.warn({ requestId, ...told(error) }, "the backend does not answer");
      if (answer.headersSent) return void answer.destroy();
      const message = "the backend does not answer; try again in a moment";
      answer.writeHead(502, { "content-type": "application/json", "retry-after": "1" });
      answer.end(JSON.stringify({ error: { code: "backend-away", message, requestId } }));
    });
    // A client that goes away takes its request along.
    answer.once("close", () => outgoing.destroy());
    incoming.pipe(outgoing);
  };
}

/** @param {import("node:http").IncomingHttpHeaders} headers @returns {import("node:http").OutgoingHttpHeaders} */
function withoutHops(headers) {
  const named = (headers.connection ?? "").split(",").map((name) => name.trim().toLowerCase());
  const dropped = new Set([...HOP_BY_HOP, ...named]);
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !dropped.has(name)));
}
