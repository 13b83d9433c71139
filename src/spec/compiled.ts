/**
 * The compiled spec: what `windlass.system.ts` and `.yaml` become. Defaults are filled in, environments are
 * merged, durations are milliseconds, sizes are bytes, percentages of replicas are counts. Everything behind
 * the API works on this and never on a user's file.
 */
import type {
  CompiledBuild,
  CompiledIngress,
  CompiledKubernetes,
  CompiledRegistry,
  CompiledScaling,
} from "./compiled-cluster.js";

export interface CompiledSystem {
  readonly schema: 1;
  readonly name: string;
  readonly environments: Readonly<Record<string, CompiledEnvironment>>;
}

export type TargetKind = "host" | "kubernetes";

export type TooLittleData = "hold" | "abort" | "continue";

export interface CompiledEnvironment {
  readonly name: string;
  readonly target: TargetKind;
  /** How `kubernetes` is reached and what it has; absent on a host. */
  readonly kubernetes?: CompiledKubernetes;
  /** Where images are pushed to and pulled from; absent: nowhere, images stay in the machine's own Engine. */
  readonly registry?: CompiledRegistry;
  /** What replicas of a host are; absent: processes. A service with an image is always a container. */
  readonly runner?: "process" | "docker";
  /** Production refuses dirty working trees and mutable image tags. */
  readonly protected: boolean;
  /** What a deployment does to one that is still going on. */
  readonly whenBusy: "supersede" | "refuse";
  /** How many revisions back a rollback may go without stages (rule 4). */
  readonly rollbackWindow: number;
  readonly keepReleases: number;
  /** While one lasts, no stage of a deployment begins; rollbacks pass. Wall clock, milliseconds since 1970. */
  readonly freezes: readonly { readonly from: number; readonly to: number; readonly reason: string }[];
  readonly services: Readonly<Record<string, CompiledService>>;
  readonly resources: Readonly<Record<string, CompiledResource>>;
}

/** A value of an environment variable. A secret is a name; its value is known to the target alone. */
export type EnvironmentValue =
  | { readonly kind: "plain"; readonly value: string }
  | { readonly kind: "secret"; readonly name: string; readonly generate: boolean };

export type Run =
  | { readonly kind: "command"; readonly argv: readonly string[] }
  | { readonly kind: "image"; readonly image: string; readonly argv: readonly string[] | null };

export type ProbeAction =
  | { readonly kind: "http"; readonly path: string }
  | { readonly kind: "tcp" }
  | { readonly kind: "command"; readonly argv: readonly string[] };

export interface Probe {
  readonly action: ProbeAction;
  readonly delayMs: number;
  readonly periodMs: number;
  readonly timeoutMs: number;
  readonly failures: number;
  readonly successes: number;
}

export interface Probes {
  readonly startup: Probe | null;
  readonly liveness: Probe | null;
  readonly readiness: Probe | null;
}

/** Where clients reach the service: the edge listens here. */
export interface Listen {
  readonly host: string;
  /** 0: the target picks a free one and keeps it. */
  readonly port: number;
  readonly tls: { readonly certificate: string; readonly key: string } | null;
}

/** A request goes to the new group when it matches, whatever the weights say. */
export type RouteMatch =
  | { readonly kind: "header"; readonly name: string; readonly value: string; readonly mode: "exact" | "contains" }
  | { readonly kind: "cookie"; readonly name: string; readonly value: string };

/** A check before the switch of a blue-green rollout, run against the new group only. */
export type SmokeCheck =
  | { readonly kind: "http"; readonly path: string; readonly status: number; readonly timeoutMs: number }
  | { readonly kind: "command"; readonly argv: readonly string[]; readonly timeoutMs: number };

export interface CompiledStage {
  /** Share of requests, 1..100. */
  readonly share: number;
  readonly minMs: number;
  readonly maxMs: number;
}

/** Port-less workers use rolling alone: surge when `maxSurge > 0`, stop-first when it is 0. */
export type Strategy = RollingStrategy | BlueGreenStrategy | CanaryStrategy;
export interface RollingStrategy {
  readonly kind: "rolling";
  readonly maxSurge: number;
  readonly maxUnavailable: number;
  readonly observeMs: number;
}
export interface BlueGreenStrategy {
  readonly kind: "blue-green";
  readonly smoke: readonly SmokeCheck[];
  readonly observeMs: number;
  /** The old group stays, without traffic, for the instant way back. */
  readonly keepOldMs: number;
}
export interface CanaryStrategy {
  readonly kind: "canary";
  readonly stages: readonly CompiledStage[];
  readonly routes: readonly RouteMatch[];
  readonly sticky: { readonly cookie: string; readonly ttlMs: number } | null;
  readonly keepOldMs: number;
  /** Percent of stable's requests that are sent to the canary, too, and whose answers nobody sees. Absent: none. */
  readonly mirror?: number;
}

/**
 * A threshold with a duration. `errors` and `slow` are shares of requests (0..1) over the window `forMs`,
 * `restarts` is a count in it. Fewer than `minSamples` requests is `inconclusive`, none is `no-data`; neither is a pass.
 */
export interface Guard {
  readonly signal: "errors" | "slow" | "restarts";
  readonly above: number;
  readonly forMs: number;
  readonly minSamples: number;
  /** For `slow`: a request slower than this is bad. */
  readonly slowMs: number | null;
}

/**
 * How a release is compared with the one that runs, request by request and at every second. Shares are 0..1.
 * `falseAlarms` (α) is spent once on a rollout, over its signals, stages and attempts; `falsePasses` (β) on each signal.
 */
export interface CompiledAnalysis {
  readonly falseAlarms: number;
  readonly falsePasses: number;
  /** `errors` and `slow` first, then the others by name; at least one. */
  readonly signals: readonly CompiledSignal[];
}

export interface CompiledSignal {
  readonly name: string;
  /** Differences of shares of bad requests: worse by more than `fail` fails, proved to be worse by less than `pass` passes. */
  readonly margin: { readonly fail: number; readonly pass: number };
  /** Share of bad requests that is allowed where there is nothing to compare with; null: then it is not tested. */
  readonly objective: number | null;
  readonly source: CompiledSource;
}

/** A secret's name, sent as bearer token; its value is known to the control plane's configuration alone. */
export type SourceToken = string | null;

export type CompiledSource =
  | { readonly kind: "errors" }
  /** Null: a threshold that few of stable's own requests pass is learned before the rollout. */
  | { readonly kind: "slow"; readonly slowerThanMs: number | null }
  | (Polled & {
      readonly kind: "prometheus";
      readonly url: string;
      /** PromQL of cumulative counters with `{{group}}` (`r7`, a part of WINDLASS_REPLICA), `{{service}}`, `{{environment}}`. */
      readonly bad: string;
      readonly total: string;
      readonly replicaLabel: string;
      readonly token: SourceToken;
    })
  /** Cumulative or delta sums that the service sends to Windlass over OTLP/HTTP. */
  | (Polled & {
      readonly kind: "otlp";
      readonly total: MetricSelector;
      readonly bad: MetricSelector;
    })
  | (Polled & {
      readonly kind: "http";
      /** With the placeholders of `prometheus`; `{{group}}` is always there, or the groups could not be told apart. */
      readonly url: string;
      /** JSON pointers (RFC 6901) to numbers in the answer. */
      readonly bad: string;
      readonly total: string;
      /** The numbers count from the beginning, or since the last query. */
      readonly counts: "cumulative" | "delta";
      readonly token: SourceToken;
    })
  /** Exit code 0 is one good measurement, another one bad; a last line `{"bad": n, "total": n}` has counts instead. */
  | (Polled & { readonly kind: "command"; readonly argv: readonly string[] });

export interface Polled {
  readonly everyMs: number;
  readonly timeoutMs: number;
  /** An answer older than this, or none for so long, is `provider-error`. */
  readonly staleMs: number;
}

export interface MetricSelector {
  readonly metric: string;
  readonly attributes: Readonly<Record<string, string>>;
}

export interface EdgePolicy {
  readonly outAfterFailures: number;
  readonly inAfterSuccesses: number;
  readonly retries: number;
  /** A request is held this long while no replica is ready. */
  readonly holdMs: number;
  readonly drainMs: number;
  readonly requestTimeoutMs: number;
  readonly maxBodyBytes: number;
}

export interface CompiledService {
  readonly name: string;
  readonly run: Run;
  /** Files that make the service, relative to the spec; they become the artefact. Null: nothing is packed. */
  readonly source: { readonly directory: string; readonly exclude: readonly string[] } | null;
  readonly listen: Listen | null;
  readonly environment: Readonly<Record<string, EnvironmentValue>>;
  readonly probes: Probes;
  readonly replicas: number;
  readonly cpu: number | null;
  readonly memoryBytes: number | null;
  readonly stopGraceMs: number;
  readonly strategy: Strategy;
  readonly guards: readonly Guard[];
  /** Null, or absent in what an earlier Windlass compiled: guards and time alone decide. */
  readonly analysis?: CompiledAnalysis | null;
  readonly onTooLittleData: TooLittleData;
  /** A group that is not ready within this time fails its rollout (rule 11). */
  readonly readyDeadlineMs: number;
  readonly edge: EdgePolicy;
  /** Resources whose URL the service gets, by name, with the variable that carries it. */
  readonly uses: readonly { readonly resource: string; readonly variable: string }[];
  readonly after: readonly string[];
  /** Absent: no image is made of it. */
  readonly build?: CompiledBuild;
  /** Absent: it has `replicas`, always. On a host there is no autoscaler: `replicas`, which is `scaling.min`. */
  readonly scaling?: CompiledScaling;
  readonly ingress?: CompiledIngress;
  /** Services it calls, with the variable that carries their URL. */
  readonly calls?: readonly { readonly service: string; readonly variable: string }[];
  /** An existing Deployment that the first revision takes over as it is, without a restart. */
  readonly adopt?: string;
}

export interface CompiledResource {
  readonly name: string;
  readonly kind: "postgres" | "redis";
  /**
   * embedded: Windlass runs it, with its own data. local: it runs on this machine already (`url` without a
   * password, or the default socket). external: its URL is the secret named here.
   */
  readonly source:
    | { readonly kind: "embedded" }
    | { readonly kind: "local"; readonly url: string }
    | { readonly kind: "external"; readonly urlSecret: string };
}
