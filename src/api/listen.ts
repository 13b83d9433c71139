import { chmodSync, lstatSync, rmSync } from "node:fs";
import http from "node:http";
import path from "node:path";
import { getRequestListener } from "@hono/node-server";
import type { ControlPlane } from "../engine/control-plane.js";
import { type ApiOptions, createApi } from "./server.js";
import { freeSocketFile, ownDirectory, running } from "./socket-file.js";

export interface ListenOptions extends Omit<ApiOptions, "closing"> {
  readonly socket: string;
}

export interface Listening {
  readonly socket: string;
  /** Takes no new request, ends the streams, lets the others finish for `deadlineMs`, then breaks them off. */
  close(deadlineMs?: number): Promise<void>;
}

/**
 * Serves a control plane on a Unix socket that only its owner can open (0600 in a 0700 directory). Rejects with
 * `control-plane-running`, `api-socket-taken`, `api-socket-directory`.
 */
export async function serveApi(plane: ControlPlane, options: ListenOptions): Promise<Listening> {
  const { socket } = options;
  const closing = new AbortController();
  const app = createApi(plane, { ...options, closing: closing.signal });
  const server = http.createServer(
    // An upload may be large and a disk slow; bodies of JSON have a deadline of their own.
    { headersTimeout: 10_000, requestTimeout: 60 * 60_000, keepAliveTimeout: 5_000, maxHeaderSize: 16_384 },
    getRequestListener(app.fetch, { overrideGlobalObjects: false }),
  );
  server.maxConnections = 512;
  ownDirectory(path.dirname(socket));
  await freeSocketFile(socket);
  await bind(server, socket);
  const { ino } = lstatSync(socket);
  server.on("error", (error) => options.log("error", `API: ${error.message}`));

  let closed: Promise<void> | null = null;
  return {
    socket,
    close: (deadlineMs = 5_000) => {
      closed ??= close(server, closing, deadlineMs).then(() => {
        // Node removes the name; were it another's by now, it is not ours to remove.
        if (lstatSync(socket, { throwIfNoEntry: false })?.ino === ino) rmSync(socket, { force: true });
      });
      return closed;
    },
  };
}

function bind(server: http.Server, socket: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) =>
      reject(error.code === "EADDRINUSE" ? running(socket) : error),
    );
    // The name is bound before listen() returns, so nobody else's files get this mask.
    const before = process.umask(0o177);
    try {
      server.listen(socket, () => {
        chmodSync(socket, 0o600);
        server.removeAllListeners("error");
        resolve();
      });
    } finally {
      process.umask(before);
    }
  });
}

async function close(server: http.Server, closing: AbortController, deadlineMs: number): Promise<void> {
  const ended = new Promise<void>((resolve) => server.close(() => resolve()));
  closing.abort();
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), deadlineMs);
  await ended;
  clearTimeout(timer);
}
