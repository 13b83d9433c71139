import {
  type Container,
  createContainer,
  inspectContainer,
  removeContainer,
  startContainer,
} from "../../../docker/containers.js";
import type { DockerEngine } from "../../../docker/engine.js";
import { isRefusal } from "../../../docker/refusal.js";
import { WindlassError } from "../../../error.js";
import { type ContainerWish, containerBody, environmentOf } from "./body.js";
import { isAway } from "./connection.js";
import { LABEL } from "./names.js";
import { type ContainerSeen, seenOf } from "./seen.js";

/**
 * A container of this name that runs, or that the Engine is starting: the one that is there when it is the right one,
 * else a new one. Rejects with `host-port-taken` when somebody else has the port, `host-container-busy` while one of
 * this name is still being removed, `host-container-start` when the Engine cannot start it; then none is left.
 */
export async function bringUp(engine: DockerEngine, name: string, wish: ContainerWish): Promise<ContainerSeen> {
  const found = await inspectContainer(engine, name);
  if (found !== null) {
    const seen = seenOf(found);
    const right = seen.digest === wish.labels[LABEL.digest] && seen.instance === wish.labels[LABEL.instance];
    if (right && (seen.alive || seen.restarting)) return seen;
    if (right && sameStart(seen, wish)) return started(engine, found.Id, name, true);
    await removed(engine, found.Id, name);
  }
  let created: string;
  try {
    created = (await createContainer(engine, name, containerBody(wish))).Id;
  } catch (error) {
    throw isAway(error) ? error : notStarted(name, error);
  }
  return started(engine, created, name, false);
}

/** `ran`: it is an old one, which an Engine in trouble may start later. */
async function started(engine: DockerEngine, id: string, name: string, ran: boolean): Promise<ContainerSeen> {
  try {
    await startContainer(engine, id);
  } catch (error) {
    if (isAway(error)) throw error;
    const refused = notStarted(name, error);
    if (!ran || !mayPass(refused)) await removeContainer(engine, id);
    throw refused;
  }
  const container: Container | null = await inspectContainer(engine, id);
  if (container === null)
    throw new WindlassError("host-container-start", `the container ${name} was removed as soon as it had started`);
  return seenOf(container);
}

async function removed(engine: DockerEngine, id: string, name: string): Promise<void> {
  try {
    await removeContainer(engine, id);
  } catch (error) {
    throw isAway(error) ? error : notStarted(name, error);
  }
}

/** Started again it has what it was made with: an address, a port, a password that is another one by now. */
function sameStart(seen: ContainerSeen, wish: ContainerWish): boolean {
  const has = new Set(seen.environment);
  return seen.port === wish.port && environmentOf(wish).every((entry) => has.has(entry));
}

function notStarted(name: string, error: unknown): WindlassError {
  const said = error instanceof Error ? error.message : String(error);
  if (isRefusal(error, 409))
    return new WindlassError("host-container-busy", `${name} is still being removed`, { cause: error, retry: "safe" });
  if (/port is already allocated|address already in use/i.test(said))
    return new WindlassError("host-port-taken", `the port of ${name} is somebody else's: ${said}`, { cause: error });
  if (/executable file not found|no such file or directory.*exec|exec format error|permission denied/i.test(said))
    return new WindlassError("host-command-not-found", `the image's command cannot be run: ${said}`, {
      hint: "Look at the image's ENTRYPOINT and CMD, at the command in the spec, and at who may execute it.",
      cause: error,
    });
  const retry = error instanceof WindlassError ? error.retry : "never";
  return new WindlassError("host-container-start", `the Engine cannot start ${name}: ${said}`, { cause: error, retry });
}

/** An error of the Engine's own, as while it is being shut down. */
export function mayPass(error: unknown): error is WindlassError {
  return error instanceof WindlassError && error.code === "host-container-start" && error.retry === "safe";
}
