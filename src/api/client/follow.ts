import { setTimeout as sleep } from "node:timers/promises";
import type { EnvironmentKey } from "../../core/model/intent.js";
import type { Update } from "../../engine/control-plane.js";
import { type ErrorJson, WindlassError } from "../../error.js";
import { environmentPath } from "../protocol.js";
import { explain, open } from "./call.js";
import { linesOf } from "./lines.js";

export interface FollowOptions {
  /** A connection that says nothing for so long is dead; the control plane says something every 10 s. */
  readonly silenceMs: number;
  /** How long a control plane may be away before the caller is told. */
  readonly awayMs: number;
}

type Message = { readonly kind: "update"; readonly update: Update } | { readonly kind: "beat" };

/**
 * Follows an environment across restarts of the control plane: each connection goes on after the last event seen.
 * Rejects with what the control plane said, or with `control-plane-unreachable` once it was away for too long.
 */
export async function* follow(
  socket: string,
  environment: EnvironmentKey,
  version: number,
  signal: AbortSignal,
  options: FollowOptions,
): AsyncGenerator<Update> {
  let seen = version;
  let connected = false;
  let lostAt: number | null = null;
  let pause = 50;
  const wellAgain = () => {
    lostAt = null;
    pause = 50;
  };
  while (!signal.aborted) {
    let trouble: unknown = null;
    try {
      for await (const message of connection(socket, environment, seen, signal, options.silenceMs)) {
        connected = true;
        // A view comes with every new connection, so it alone does not show that things go on.
        if (message.kind === "beat") wellAgain();
        else {
          if (message.update.kind === "event") {
            if (message.update.event.version <= seen) continue;
            seen = message.update.event.version;
            wellAgain();
          }
          yield message.update;
        }
      }
    } catch (error) {
      trouble = explain(socket, error);
    }
    if (signal.aborted) return;
    if (trouble !== null && (!connected || !passing(trouble))) throw trouble;
    lostAt ??= performance.now();
    if (performance.now() - lostAt >= options.awayMs) throw gone(socket, options.awayMs, trouble);
    await sleep(pause, undefined, { signal }).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
    pause = Math.min(pause * 2, 2_000);
  }
}

async function* connection(
  socket: string,
  environment: EnvironmentKey,
  seen: number,
  signal: AbortSignal,
  silenceMs: number,
): AsyncGenerator<Message> {
  const headers = { accept: "text/event-stream", "last-event-id": String(seen) };
  const path = `${environmentPath(environment)}/follow?version=${seen}`;
  const response = await open(socket, { method: "GET", path, headers, deadlineMs: silenceMs }, signal);
  try {
    let kind = "";
    let data = "";
    for await (const line of linesOf(response)) {
      if (line.startsWith(":")) yield { kind: "beat" };
      else if (line.startsWith("event: ")) kind = line.slice(7);
      else if (line.startsWith("data: ")) data = line.slice(6);
      else if (line === "" && data !== "") {
        if (kind === "error") throw WindlassError.fromJSON((JSON.parse(data) as { error: ErrorJson }).error);
        yield { kind: "update", update: JSON.parse(data) as Update };
        kind = "";
        data = "";
      }
    }
  } finally {
    response.destroy();
  }
}

/**
 * Whether a new connection may do better: the control plane is away, hangs, or says that asking again is safe. One
 * that just came back may not have read its ledger yet: an environment that it knew does not go away.
 */
function passing(error: unknown): boolean {
  return error instanceof WindlassError && (error.retry === "safe" || error.code === "environment-unknown");
}

function gone(socket: string, awayMs: number, cause: unknown): WindlassError {
  return new WindlassError("control-plane-unreachable", `the control plane was away for ${awayMs / 1000} s`, {
    ...(cause === null ? {} : { cause }),
    retry: "safe",
    facts: { socket },
    hint: "replicas and traffic go on without it; `windlass status` starts it again",
  });
}
