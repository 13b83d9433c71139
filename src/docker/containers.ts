import type { DockerEngine } from "./engine.js";
import { type Filters, filtersOf } from "./filters.js";
import { isRefusal } from "./refusal.js";

/** What a container is made from, in the Engine's own words; durations are nanoseconds. */
export interface ContainerSpec {
  readonly Image: string;
  readonly Cmd?: readonly string[];
  readonly Entrypoint?: readonly string[];
  readonly Env?: readonly string[];
  readonly User?: string;
  readonly WorkingDir?: string;
  readonly Hostname?: string;
  readonly Labels?: Readonly<Record<string, string>>;
  readonly ExposedPorts?: Readonly<Record<string, Record<string, never>>>;
  readonly Healthcheck?: Healthcheck;
  readonly StopSignal?: string;
  /** Seconds. */
  readonly StopTimeout?: number;
  readonly HostConfig?: HostConfig;
  readonly NetworkingConfig?: {
    readonly EndpointsConfig: Readonly<Record<string, { readonly Aliases?: readonly string[] }>>;
  };
}

export interface Healthcheck {
  /** `["NONE"]`, `["CMD", …]`, `["CMD-SHELL", line]`. */
  readonly Test: readonly string[];
  readonly Interval?: number;
  readonly Timeout?: number;
  readonly StartPeriod?: number;
  readonly Retries?: number;
}

export interface HostConfig {
  readonly NetworkMode?: string;
  readonly PortBindings?: Readonly<Record<string, readonly { readonly HostIp?: string; readonly HostPort: string }[]>>;
  readonly RestartPolicy?: {
    readonly Name: "no" | "always" | "on-failure" | "unless-stopped";
    readonly MaximumRetryCount?: number;
  };
  readonly Memory?: number;
  readonly MemorySwap?: number;
  readonly NanoCpus?: number;
  readonly PidsLimit?: number;
  readonly ReadonlyRootfs?: boolean;
  readonly CapAdd?: readonly string[];
  readonly CapDrop?: readonly string[];
  readonly SecurityOpt?: readonly string[];
  readonly Tmpfs?: Readonly<Record<string, string>>;
  readonly Binds?: readonly string[];
  readonly Mounts?: readonly Readonly<Record<string, unknown>>[];
  readonly ExtraHosts?: readonly string[];
  readonly Init?: boolean;
  readonly AutoRemove?: boolean;
  readonly LogConfig?: { readonly Type: string; readonly Config: Readonly<Record<string, string>> };
  readonly Ulimits?: readonly { readonly Name: string; readonly Soft: number; readonly Hard: number }[];
}

export interface ContainerSummary {
  readonly Id: string;
  /** Each with a leading `/`. */
  readonly Names: readonly string[];
  readonly Image: string;
  readonly ImageID: string;
  readonly Labels: Readonly<Record<string, string>>;
  readonly State: ContainerState["Status"];
  readonly Status: string;
  /** Seconds since 1970. */
  readonly Created: number;
  readonly NetworkSettings?: { readonly Networks: Readonly<Record<string, Endpoint>> };
}

export interface ContainerState {
  readonly Status: "created" | "running" | "paused" | "restarting" | "removing" | "exited" | "dead";
  readonly Running: boolean;
  readonly Restarting: boolean;
  readonly OOMKilled: boolean;
  readonly Dead: boolean;
  readonly Pid: number;
  readonly ExitCode: number;
  readonly Error: string;
  /** RFC 3339, with nanoseconds; `0001-01-01T00:00:00Z` for never. */
  readonly StartedAt: string;
  readonly FinishedAt: string;
  readonly Health?: { readonly Status: "none" | "starting" | "healthy" | "unhealthy"; readonly FailingStreak: number };
}

export interface Endpoint {
  readonly NetworkID: string;
  readonly IPAddress: string;
  readonly Gateway: string;
}

export interface Container {
  readonly Id: string;
  readonly Name: string;
  readonly Created: string;
  /** The image's id. */
  readonly Image: string;
  readonly RestartCount: number;
  readonly State: ContainerState;
  readonly Config: ContainerSpec;
  readonly HostConfig: HostConfig;
  readonly NetworkSettings: {
    readonly Ports: Readonly<Record<string, readonly { readonly HostIp: string; readonly HostPort: string }[] | null>>;
    readonly Networks: Readonly<Record<string, Endpoint>>;
  };
}

/** Creates it; it does not run yet. `docker-refused` 404: no such image; 409: the name is taken. */
export async function createContainer(engine: DockerEngine, name: string, spec: ContainerSpec) {
  const query = { name };
  return engine.json<{ readonly Id: string; readonly Warnings: readonly string[] | null }>(
    "POST",
    "/containers/create",
    {
      query,
      body: spec,
    },
  );
}

/** Starts it; one that runs already is fine. */
export async function startContainer(engine: DockerEngine, id: string): Promise<void> {
  await engine.text("POST", `/containers/${encodeURIComponent(id)}/start`);
}

/** Asks it to end, and kills it after the grace. Resolves once it has ended; one that is gone or has ended is fine. */
export async function stopContainer(engine: DockerEngine, id: string, graceMs: number): Promise<void> {
  const t = Math.ceil(graceMs / 1_000);
  const call = { query: { t }, deadlineMs: t * 1_000 + 30_000 };
  await unless404(engine.text("POST", `/containers/${encodeURIComponent(id)}/stop`, call));
}

/** Sends a signal. One that is gone (404) or does not run (409) is fine. */
export async function killContainer(engine: DockerEngine, id: string, signal = "SIGKILL"): Promise<void> {
  try {
    await engine.text("POST", `/containers/${encodeURIComponent(id)}/kill`, { query: { signal } });
  } catch (error) {
    if (!isRefusal(error, 404) && !isRefusal(error, 409)) throw error;
  }
}

/** Kills and removes it with its anonymous volumes. One that is gone is fine. */
export async function removeContainer(engine: DockerEngine, id: string): Promise<void> {
  await unless404(engine.text("DELETE", `/containers/${encodeURIComponent(id)}`, { query: { force: true, v: true } }));
}

/** Null when there is none. `id` is an id or a name. */
export async function inspectContainer(engine: DockerEngine, id: string): Promise<Container | null> {
  try {
    return await engine.json<Container>("GET", `/containers/${encodeURIComponent(id)}/json`);
  } catch (error) {
    if (isRefusal(error, 404)) return null;
    throw error;
  }
}

/** Those that match every filter, the ended ones included. */
export function listContainers(engine: DockerEngine, filters: Filters): Promise<readonly ContainerSummary[]> {
  return engine.json("GET", "/containers/json", { query: { all: true, filters: filtersOf(filters) } });
}

/** Changes limits and the restart policy of a container in place. */
export async function updateContainer(
  engine: DockerEngine,
  id: string,
  change: Pick<HostConfig, "RestartPolicy" | "Memory" | "MemorySwap" | "NanoCpus" | "PidsLimit">,
): Promise<void> {
  await engine.text("POST", `/containers/${encodeURIComponent(id)}/update`, { body: change });
}

/** Resolves with the exit code once it does not run. */
export async function waitContainer(engine: DockerEngine, id: string, deadlineMs: number): Promise<number> {
  const call = { deadlineMs };
  const { StatusCode } = await engine.json<{ StatusCode: number }>(
    "POST",
    `/containers/${encodeURIComponent(id)}/wait`,
    call,
  );
  return StatusCode;
}

async function unless404(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!isRefusal(error, 404)) throw error;
  }
}
