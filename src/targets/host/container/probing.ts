import type { DockerEngine } from "../../../docker/engine.js";
import { execIn } from "../../../docker/exec.js";
import { isRefusal } from "../../../docker/refusal.js";
import { WindlassError } from "../../../error.js";
import type { Probe } from "../../../spec/compiled.js";
import { messageOf } from "../supervisor/message.js";
import { type ProbeAnswer, runProbe } from "../supervisor/probing.js";
import { type Connection, isAway } from "./connection.js";
import { CONTAINER_PORT, type ContainerSeen } from "./seen.js";
import { isDirect } from "./start.js";

/**
 * One look at a container. HTTP goes to the published port, as the edge's requests do. A connection to that one is taken
 * by the Engine's proxy whether the service listens or not, so TCP goes to the container itself where this machine
 * can. Null: the Engine is away, and nothing can be said.
 */
export async function lookAt(
  connection: Connection,
  probe: Probe,
  id: string,
  seen: ContainerSeen | null,
  port: number | null,
): Promise<ProbeAnswer | null> {
  const { action, timeoutMs } = probe;
  if (action.kind === "command") {
    try {
      return await connection.use((engine) => commandIn(engine, id, action.argv, {}, timeoutMs));
    } catch (error) {
      if (isAway(error)) return null;
      return { ok: false, detail: messageOf(error) };
    }
  }
  const direct =
    seen !== null && seen.address !== null && isDirect(seen) ? { host: seen.address, hostPort: CONTAINER_PORT } : {};
  return runProbe(probe, { port, cwd: "/", environment: {}, ...direct });
}

/** Runs it inside; it goes on there when it does not end in time, as the Engine cannot end it. */
export async function commandIn(
  engine: DockerEngine,
  id: string,
  argv: readonly string[],
  extra: Readonly<Record<string, string>>,
  timeoutMs: number,
): Promise<ProbeAnswer> {
  const [command = ""] = argv;
  try {
    const { exitCode } = await execIn(engine, id, argv, timeoutMs, extra);
    return { ok: exitCode === 0, detail: `${command} ended with ${exitCode}` };
  } catch (error) {
    if (!(error instanceof WindlassError)) throw error;
    if (error.code === "docker-timeout") return { ok: false, detail: `${command} did not end within ${timeoutMs} ms` };
    if (error.code !== "docker-refused") throw error;
    const stopped = isRefusal(error, 409);
    return { ok: false, detail: stopped ? "its container does not run" : `${command}: ${messageOf(error)}` };
  }
}
