import { chmodSync, mkdirSync, rmSync } from "node:fs";
import http from "node:http";
import path from "node:path";
import { z } from "zod";
import { WindlassError } from "../../../error.js";
import type { Daemon } from "./daemon.js";
import {
  applyRequest,
  controlPlane,
  DAEMON_PROTOCOL,
  leaveRequest,
  PROTOCOL_HEADER,
  type RemovedImages,
  removeImages,
  secretsRequest,
} from "./protocol.js";

const LARGEST_BODY = 16 * 1024 * 1024;

export interface DaemonServerOptions {
  readonly daemon: Daemon;
  readonly socket: string;
  /** After the answer was sent. */
  readonly leave: (everything: boolean) => void;
}

/** The daemon's Unix socket: 0600 in a directory with 0700. The lock says that a socket in the way is a dead one's. */
export async function serveDaemon(options: DaemonServerOptions): Promise<http.Server> {
  const { socket } = options;
  mkdirSync(path.dirname(socket), { recursive: true, mode: 0o700 });
  rmSync(socket, { force: true });
  const server = http.createServer((request, response) => {
    answer(options, request, response).catch((error: unknown) => refuse(response, error));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(socket, resolve);
  });
  chmodSync(socket, 0o600);
  return server;
}

async function answer(
  { daemon, leave }: DaemonServerOptions,
  request: http.IncomingMessage,
  response: http.ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? "/", "http://daemon");
  const route = `${request.method} ${url.pathname}`;
  if (route !== "GET /hello") requireProtocol(request.headers[PROTOCOL_HEADER]);
  switch (route) {
    case "GET /hello":
      return send(response, daemon.hello());
    case "PUT /apply":
      daemon.apply(await body(request, applyRequest));
      return send(response, {});
    case "GET /observe":
      return send(response, await daemon.observe(environmentOf(url)));
    case "GET /signals": {
      const since = Math.max(0, Math.floor(Number(url.searchParams.get("since") ?? 0) || 0));
      return send(response, await daemon.signals(environmentOf(url), url.searchParams.get("edge"), since));
    }
    case "GET /logs":
      return logs(daemon, url, response);
    case "DELETE /environment":
      daemon.remove(environmentOf(url));
      return send(response, {});
    case "GET /facts":
      return send(response, await daemon.facts());
    case "PUT /control-plane":
      daemon.guardian.watch(await body(request, controlPlane));
      return send(response, {});
    case "DELETE /control-plane":
      daemon.guardian.forget();
      return send(response, {});
    case "PUT /secrets": {
      const { environment, values } = await body(request, secretsRequest);
      daemon.secrets.set(environment, values);
      return send(response, {});
    }
    case "POST /images/remove": {
      const { images } = await body(request, removeImages);
      return send(response, { removed: await daemon.removeImages(images) } satisfies RemovedImages);
    }
    case "POST /leave": {
      const { everything } = await body(request, leaveRequest);
      send(response, {});
      return leave(everything);
    }
    default:
      throw new WindlassError("host-daemon-route", `the daemon does not know ${route}`);
  }
}

async function logs(daemon: Daemon, url: URL, response: http.ServerResponse): Promise<void> {
  const ended = new AbortController();
  response.on("close", () => ended.abort());
  const query = {
    service: url.searchParams.get("service"),
    replica: url.searchParams.get("replica"),
    lines: Math.min(Number(url.searchParams.get("lines") ?? 100), 10_000),
    follow: url.searchParams.get("follow") === "1",
  };
  response.writeHead(200, { "content-type": "application/x-ndjson" });
  response.flushHeaders();
  for await (const line of daemon.logs(environmentOf(url), query, ended.signal)) {
    // A reader that is slower than the replicas slows the reading, not the replicas.
    if (!response.write(`${JSON.stringify(line)}\n`))
      await new Promise<void>((resolve) => {
        response.once("drain", resolve);
        response.once("close", resolve);
      });
  }
  response.end();
}

function requireProtocol(header: string | string[] | undefined): void {
  const asked = Number(header ?? DAEMON_PROTOCOL);
  if (asked === DAEMON_PROTOCOL || asked === DAEMON_PROTOCOL - 1) return;
  throw new WindlassError("host-protocol-unsupported", `this daemon speaks protocol ${DAEMON_PROTOCOL}, not ${asked}`, {
    hint: "The daemon and the windlass that asks are more than one version apart: run windlass doctor.",
  });
}

function environmentOf(url: URL): string {
  const environment = url.searchParams.get("environment");
  if (environment?.includes("/")) return environment;
  throw new WindlassError("host-daemon-request", "environment=<system>/<name> is missing");
}

async function body<T>(request: http.IncomingMessage, schema: z.ZodType<T>): Promise<T> {
  let size = 0;
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > LARGEST_BODY) throw new WindlassError("host-daemon-request", "the request is too large");
    chunks.push(chunk);
  }
  try {
    return schema.parse(JSON.parse(Buffer.concat(chunks).toString("utf8")));
  } catch (error) {
    if (error instanceof SyntaxError) throw new WindlassError("host-daemon-request", "the request is not JSON");
    if (error instanceof z.ZodError)
      throw new WindlassError("host-daemon-request", `the request is not as agreed: ${z.prettifyError(error)}`);
    throw error;
  }
}

function send(response: http.ServerResponse, value: unknown): void {
  const text = JSON.stringify(value);
  response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(text) });
  response.end(text);
}

const STATUS: Readonly<Record<string, number>> = {
  "target-stale-term": 409,
  "host-protocol-unsupported": 426,
  "host-daemon-request": 400,
  "host-daemon-route": 404,
};

function refuse(response: http.ServerResponse, error: unknown): void {
  const known =
    error instanceof WindlassError ? error : new WindlassError("host-daemon-bug", String(error), { cause: error });
  if (response.headersSent) return void response.destroy();
  const text = JSON.stringify(known.toJSON());
  response.writeHead(STATUS[known.code] ?? 500, { "content-type": "application/json" });
  response.end(text);
}
