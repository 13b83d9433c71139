import { setTimeout as sleep } from "node:timers/promises";
import type { ControlPlane, LedgerDesk } from "../engine/control-plane.js";
import { WindlassError } from "../error.js";
import { type Call, call, errorOf, json, parse } from "./client/call.js";
import { follow } from "./client/follow.js";
import { records } from "./client/lines.js";
import { upload } from "./client/upload.js";
import { environmentPath } from "./protocol.js";

export interface ClientOptions {
  /** For an answer that needs no work; 10 s. */
  readonly quickMs?: number;
  /** For one that waits for a disk or a target; 60 s. */
  readonly slowMs?: number;
  /** For one that reads the whole ledger; 30 min. */
  readonly longMs?: number;
  /** A stream or an upload in which nothing moves is given up; 30 s. */
  readonly silenceMs?: number;
  /** How long `follow` waits for a control plane that went away to come back; 30 s. */
  readonly awayMs?: number;
}

/**
 * The control plane behind a Unix socket. By node:http, because `windlass status` has 300 ms in all and importing
 * undici takes 60 of them. Errors are those that the control plane threw; `control-plane-unreachable` when nobody
 * listens, `control-plane-timeout` when a deadline passes.
 */
export function createClient(socket: string, options: ClientOptions = {}): ControlPlane {
  const { quickMs = 10_000, slowMs = 60_000, longMs = 30 * 60_000, silenceMs = 30_000, awayMs = 30_000 } = options;
  const get = <T>(path: string, deadlineMs = quickMs) => json<T>(socket, { method: "GET", path, deadlineMs });
  const post = <T>(path: string, body: unknown, deadlineMs: number) =>
    json<T>(socket, { method: "POST", path, body, deadlineMs });

  const ledger: LedgerDesk = {
    verify: (pinned) => post("/v1/ledger/verify", { pinned }, longMs),
    prove: (sequence) => get(`/v1/ledger/events/${sequence}/proof`, longMs),
    checkpoint: () => get("/v1/ledger/checkpoint", slowMs),
    export: (signal) => records(socket, { method: "GET", path: "/v1/ledger/export", deadlineMs: silenceMs }, signal),
    backup: (path) => post("/v1/ledger/backup", { path }, longMs),
  };

  return {
    ledger,
    about: () => get("/v1/about"),
    environments: () => get("/v1/environments"),
    environment: async (key) => get(environmentPath(key)),
    intent: async (key) => get(`${environmentPath(key)}/intent`),
    command: async (key, envelope) => {
      const path = `${environmentPath(key)}/commands`;
      const answer = await call(socket, { method: "POST", path, body: envelope, deadlineMs: slowMs });
      // 409 without an error is a refusal: an outcome like any other.
      if (answer.status >= 400 && (answer.status !== 409 || answer.error !== null)) throw errorOf(answer);
      return parse(answer) as Awaited<ReturnType<ControlPlane["command"]>>;
    },
    plan: async (key, release, desired) =>
      post(`${environmentPath(key)}/plan`, { release, environment: desired }, quickMs),
    previewRollback: async (key, to) => get(`${environmentPath(key)}/rollback-preview${query({ to })}`),
    history: async (key, version, limit) => get(`${environmentPath(key)}/history${query({ version, limit })}`, slowMs),
    follow: (key, version, signal) => follow(socket, key, version, signal, { silenceMs, awayMs }),
    series: async (key, { service, from, to, resolution }) =>
      get(`${environmentPath(key)}/series${query({ service, from, to, resolution })}`, slowMs),
    logs: (key, { service, replica, lines, follow: goOn }, signal) => {
      const path = `${environmentPath(key)}/logs${query({ service, replica, lines, follow: goOn })}`;
      return records(socket, { method: "GET", path, deadlineMs: silenceMs }, signal);
    },
    putSecrets: async (key, values) => {
      const path = `${environmentPath(key)}/secrets`;
      await json(socket, { method: "PUT", path, body: { values }, deadlineMs: slowMs });
    },
    hasArtefact: async (digest) => {
      const answer = await call(socket, { method: "HEAD", path: artefactPath(digest), deadlineMs: quickMs });
      if (answer.status === 404 && answer.error === null) return false;
      if (answer.status >= 400) throw errorOf(answer);
      return true;
    },
    putArtefact: (digest, bytes) => {
      const headers = { "content-type": "application/octet-stream" };
      return upload(socket, { method: "PUT", path: artefactPath(digest), headers, deadlineMs: silenceMs }, bytes);
    },
    doctor: () => get("/v1/doctor", slowMs),
    stop: async ({ everything }) => {
      await post("/v1/stop", { everything }, slowMs).catch((error: unknown) => {
        // It may end before its answer is out: then it heard, and being gone is the answer.
        if (!(error instanceof WindlassError) || error.facts?.reason !== "ECONNRESET") throw error;
      });
      await untilGone(socket, slowMs);
    },
  };
}

function artefactPath(digest: string): string {
  return `/v1/artefacts/${encodeURIComponent(digest)}`;
}

function query(values: Readonly<Record<string, string | number | boolean | null>>): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) if (value !== null) given.set(name, String(value));
  return given.size === 0 ? "" : `?${given}`;
}

/** A control plane has ended when nobody answers on its socket. */
async function untilGone(socket: string, deadlineMs: number): Promise<void> {
  const end = performance.now() + deadlineMs;
  const asked: Call = { method: "GET", path: "/v1/about", deadlineMs: 1_000 };
  while (performance.now() < end) {
    try {
      await call(socket, asked);
    } catch (error) {
      if (error instanceof WindlassError && error.code === "control-plane-unreachable") return;
      if (!(error instanceof WindlassError) || error.code !== "control-plane-timeout") throw error;
    }
    await sleep(50);
  }
  throw new WindlassError("control-plane-timeout", "the control plane was told to stop and still answers", {
    hint: "`windlass doctor` shows its pid",
  });
}
