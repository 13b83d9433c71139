import type { Container } from "../../../docker/containers.js";
import { LABEL } from "./names.js";

/** The port that a service in a container listens on: PORT is this one, for every replica. */
export const CONTAINER_PORT = 8080;

/** What a look at a container says; nothing else of it matters for the life of a replica. */
export interface ContainerSeen {
  readonly id: string;
  readonly digest: string | null;
  readonly instance: string | null;
  /** Its process runs. */
  readonly alive: boolean;
  /** The Engine is going to start it again by itself. */
  readonly restarting: boolean;
  readonly pid: number;
  /** RFC 3339; they name a run of it, and say when the last one ended. */
  readonly startedAt: string;
  readonly finishedAt: string;
  /** Of the last end; 0 while it runs. */
  readonly exitCode: number;
  readonly outOfMemory: boolean;
  /** How often the Engine has started it again since somebody started it. */
  readonly restarts: number;
  /** Why it could not be started. */
  readonly error: string;
  /** Where it is published on 127.0.0.1. */
  readonly port: number | null;
  /** Its own address in the environment's network, and the network's on this machine. */
  readonly address: string | null;
  readonly gateway: string | null;
  readonly environment: readonly string[];
}

export function seenOf(container: Container): ContainerSeen {
  const { State: state, Config: config, HostConfig: host } = container;
  const labels = config.Labels ?? {};
  const binding = host.PortBindings?.[`${CONTAINER_PORT}/tcp`]?.[0];
  const [endpoint] = Object.values(container.NetworkSettings.Networks);
  return {
    id: container.Id,
    digest: labels[LABEL.digest] ?? null,
    instance: labels[LABEL.instance] ?? null,
    alive: (state.Status === "running" || state.Status === "paused") && state.Pid > 0,
    restarting: state.Status === "restarting",
    pid: state.Pid,
    startedAt: state.StartedAt,
    finishedAt: state.FinishedAt,
    exitCode: state.ExitCode,
    outOfMemory: state.OOMKilled,
    restarts: container.RestartCount,
    error: state.Error,
    port: binding === undefined ? null : Number(binding.HostPort),
    address: endpoint?.IPAddress || null,
    gateway: endpoint?.Gateway || null,
    environment: config.Env ?? [],
  };
}
