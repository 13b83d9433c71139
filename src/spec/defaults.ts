/**
 * Every default of the spec, in the words a user would write. They are the lowest layer under each environment,
 * so `check --effective` can say which value nobody chose.
 */

export const ENVIRONMENT_DEFAULTS = {
  target: "host",
  protected: false,
  whenBusy: "supersede",
  rollbackWindow: 2,
  keepReleases: 10,
  freezes: [],
} as const;

/** What replicas of a host are. */
export const HOST_DEFAULTS = { runner: "process" } as const;

export const KUBERNETES_DEFAULTS = { drift: "heal" } as const;
/** A gateway is shared: it is not in the namespace of one environment, and this is where one is made without thinking. */
export const GATEWAY_DEFAULTS = { namespace: "default" } as const;

/** A registry on this machine has no certificate. */
export function isLocalRegistry(prefix: string): boolean {
  return /^(localhost|127\.0\.0\.1)(:|\/|$)/.test(prefix);
}

/** The environments that are there without being named, and what is different there. */
export const BUILT_IN_ENVIRONMENTS: Readonly<
  Record<string, { readonly protected: boolean; readonly onTooLittleData: string }>
> = {
  development: { protected: false, onTooLittleData: "continue" },
  staging: { protected: false, onTooLittleData: "hold" },
  production: { protected: true, onTooLittleData: "hold" },
};

export const SERVICE_DEFAULTS = {
  replicas: 1,
  stopGrace: "10s",
  onTooLittleData: "hold",
  readyDeadline: "2m",
} as const;

export const SOURCE_DEFAULTS = { directory: ".", exclude: [".git", ".windlass", ".env", ".env.*"] } as const;

export const LISTEN_DEFAULTS = { host: "127.0.0.1" } as const;

/** What the files of a service whose command begins with `node` are put on, when it names no base. */
export const NODE_BASE = "docker.io/library/node:20-bookworm-slim";

/** The usual target of an autoscaler. Replicas that just started are busy, so a need has to last before more are added. */
export const SCALING_DEFAULTS = { up: "1m", down: "5m" } as const;
export const SCALING_CPU_DEFAULT = "70%";

export const INGRESS_DEFAULTS = { path: "/" } as const;

/** How a container of this machine calls it; the Engine gives the name its address. */
export const MACHINE_FROM_CONTAINER = "host.docker.internal";

/** Port of a Service whose port the spec leaves to the target. */
export const CLUSTER_PORT = 80;

/** A timeout is never longer than its period: the one that the user wrote moves the other. */
export const PROBE_DEFAULTS = {
  startup: { delay: "0s", period: "1s", timeout: "1s", failures: 60, successes: 1 },
  liveness: { delay: "0s", period: "10s", timeout: "3s", failures: 3, successes: 1 },
  readiness: { delay: "0s", period: "1s", timeout: "1s", failures: 2, successes: 1 },
} as const;

export const STRATEGY_DEFAULTS = {
  rolling: { maxSurge: 1, maxUnavailable: 0, observe: "10s" },
  "blue-green": { smoke: [], observe: "1m", keepOld: "10m" },
  canary: {
    stages: [
      { share: 10, time: { min: "1m", max: "10m" } },
      { share: 50, time: { min: "1m", max: "10m" } },
    ],
    routes: [],
    sticky: false,
    keepOld: "10m",
  },
} as const;

export const STAGE_TIME_DEFAULT = { min: "1m", max: "10m" } as const;
export const STICKY_DEFAULTS = { cookie: "windlass-group", ttl: "1h" } as const;
export const SMOKE_DEFAULTS = { status: 200, timeout: "5s" } as const;

export const GUARD_DEFAULTS = { for: "10s", minSamples: 20 } as const;
export const RESTART_GUARD_DEFAULTS = { for: "1m" } as const;

/**
 * Beside a comparison with the release that runs: there is none for a first release, and none once the new one has all
 * requests. Half of the answers bad for 10 s is harm whatever the service is, so nobody needs to tune it.
 */
export const GUARDS_BESIDE_ANALYSIS = [
  { signal: "errors", above: "50%", for: "10s", minSamples: 20 },
  { signal: "restarts", above: 2, for: "1m" },
] as const;
/** Where nothing else watches the errors; a release without thresholds would never be hauled back. */
export const GUARDS_WITH_PORT = [
  { signal: "errors", above: "5%", for: "10s", minSamples: 20 },
  { signal: "restarts", above: 2, for: "1m" },
] as const;
export const GUARDS_WITHOUT_PORT = [{ signal: "restarts", above: 2, for: "1m" }] as const;

/**
 * Of a hundred harmless releases one goes back at most. A pass only moves on to a larger share, which is watched again,
 * so it may be wrong more often, and comes sooner for it.
 */
export const ANALYSIS_DEFAULTS = { falseAlarms: "1%", falsePasses: "5%" } as const;

/**
 * Percentage points of requests. `fail` is what replicas differ by themselves (cold caches, an uneven share of heavy
 * requests): with no margin, enough traffic makes every such difference a failure. `pass` sets the price of a clean
 * release, about 3 / pass requests to it: 600 for errors, 100 for what is slow. What is slow differs more, because a
 * new process is slower for a while; what others count comes in small numbers.
 */
export const SIGNAL_DEFAULTS = {
  errors: { margin: { fail: "0.1%", pass: "0.5%" } },
  slow: { margin: { fail: "1%", pass: "3%" } },
  others: { margin: { fail: "1%", pass: "3%" } },
} as const;

/** Most exporters are scraped every 10 or 15 s. Several answers may be lost before it counts as none. */
export const POLL_DEFAULTS = { every: "10s", timeout: "5s", stale: "1m" } as const;
export const PROMETHEUS_DEFAULTS = { replicaLabel: "instance" } as const;
export const HTTP_SOURCE_DEFAULTS = { counts: "cumulative" } as const;

export const EDGE_DEFAULTS = {
  outAfterFailures: 3,
  inAfterSuccesses: 2,
  retries: 1,
  hold: "5s",
  drain: "30s",
  requestTimeout: "1m",
  maxBody: "10MiB",
} as const;

export const RESOURCE_VARIABLES = { postgres: "DATABASE_URL", redis: "REDIS_URL" } as const;
