import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach } from "vitest";
import { type ClientOptions, createClient } from "../../src/api/client.js";
import { type Listening, type ListenOptions, serveApi } from "../../src/api/listen.js";
import { type ApiOptions, createApi } from "../../src/api/server.js";
import type { EventRecord } from "../../src/core/model/event.js";
import type { ControlPlane } from "../../src/engine/control-plane.js";
import type { EnvironmentView } from "../../src/engine/view.js";
import { WindlassError } from "../../src/error.js";

export const SHOP = "shop/production";
export const SHOP_PATH = "/v1/systems/shop/environments/production";
export const DIGEST = `sha256:${"a".repeat(64)}`;

export interface Logged {
  readonly level: string;
  readonly message: string;
  readonly facts: Record<string, unknown> | undefined;
}

/** An API without a socket, over the few methods that a story needs; what it does not name is not called. */
export function api(plane: Partial<ControlPlane>, options: Partial<ApiOptions> = {}) {
  const logged: Logged[] = [];
  const log: ApiOptions["log"] = (level, message, facts) => logged.push({ level, message, facts });
  const app = createApi(plane as ControlPlane, { log, ...options });
  const send = (method: string, at: string, body: unknown, headers: Record<string, string> = {}) =>
    app.request(at, {
      method,
      headers: { "content-type": "application/json", ...headers },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
  return { app, logged, send };
}

/** A socket of its own for each test; what listened on it is closed afterwards. */
export function ownSocket() {
  let directory = "";
  let ends: (() => Promise<unknown>)[] = [];
  const own = {
    file: "",
    onEnd: (end: () => Promise<unknown>) => ends.push(end),
    async serve(plane: Partial<ControlPlane>, options: Partial<ListenOptions> = {}): Promise<Listening> {
      const listening = await serveApi(plane as ControlPlane, { socket: own.file, log: () => undefined, ...options });
      ends.push(() => listening.close(100));
      return listening;
    },
    client: (options: ClientOptions = {}) => createClient(own.file, options),
  };
  beforeEach(() => {
    directory = mkdtempSync(path.join(tmpdir(), "wl-api-"));
    own.file = path.join(directory, "run", "control.sock");
    ends = [];
  });
  afterEach(async () => {
    for (const end of ends) await end();
    rmSync(directory, { recursive: true, force: true });
  });
  return own;
}

export function event(version: number, data: unknown = {}): { kind: "event"; event: EventRecord } {
  const place = { stream: SHOP, version, sequence: version };
  return { kind: "event", event: { ...place, type: "x@1", data, at: 0, wall: "", by: "engine", key: null } };
}

export const VIEW: EnvironmentView = {
  environment: SHOP,
  version: 3,
  now: 5,
  current: { id: "r1", label: "1.0.0-abc" },
  deployment: null,
  next: null,
  waiting: { service: null, sentence: "nothing: ü→", change: "deploy", until: null },
  services: [],
  resources: {},
  holds: [],
  before: null,
  targetProblem: null,
  seenAt: null,
};

export async function collect<T>(items: AsyncIterable<T>, count = Number.POSITIVE_INFINITY): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) {
    found.push(item);
    if (found.length >= count) break;
  }
  return found;
}

/** Resolves when the signal ends something. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

export async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  return error instanceof WindlassError ? error.code : `no WindlassError: ${String(error)}`;
}
