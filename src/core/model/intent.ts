import type {
  CompiledResource,
  EdgePolicy,
  EnvironmentValue,
  Listen,
  Probes,
  RouteMatch,
  Run,
  SmokeCheck,
} from "../../spec/compiled.js";
import type { CompiledIngress, CompiledKubernetes, CompiledScaling } from "../../spec/compiled-cluster.js";

/** `<system>/<environment>`; names a ledger stream, too. */
export type EnvironmentKey = string;
export type ServiceName = string;
/** The id of the revision that created the group; a service that did not change keeps its group. */
export type GroupId = string;
export type RevisionId = string;

/** Everything that one replica needs. Two groups with the same digest run the same thing. */
export interface Workload {
  readonly run: Run;
  /** SHA-256 of the archive, `sha256:<hex>`; null when the command needs no files. */
  readonly artefact: string | null;
  readonly environment: Readonly<Record<string, EnvironmentValue>>;
  readonly probes: Probes;
  readonly hasPort: boolean;
  readonly cpu: number | null;
  readonly memoryBytes: number | null;
  readonly stopGraceMs: number;
  readonly uses: readonly { readonly resource: string; readonly variable: string }[];
  /** What a cluster has to know in the pod itself, so that a change of it is another group; absent: a host. */
  readonly pod?: PodShape;
}

/** On a host the edge knows these, and a change restarts nothing. */
export interface PodShape {
  /** Where the container listens; null for a worker. */
  readonly port: number | null;
  /** How long running requests may take after a replica has left its Service; 0 for a worker. */
  readonly drainMs: number;
}

export interface GroupIntent {
  readonly revision: RevisionId;
  /** What people call it: `<version>-<commit>`. Handed to replicas as WINDLASS_RELEASE. */
  readonly label: string;
  /** An autoscaler may move inside a range. */
  readonly replicas: number | { readonly min: number; readonly max: number };
  readonly workload: Workload;
  /** `sha256:<hex>` of the canonical workload. */
  readonly digest: string;
}

export interface TrafficIntent {
  readonly listen: Listen;
  /** Integers that sum to 100, on groups of this service; empty while nothing may get traffic yet. */
  readonly weights: Readonly<Record<GroupId, number>>;
  readonly routes: readonly { readonly match: RouteMatch; readonly group: GroupId }[];
  readonly sticky: { readonly cookie: string; readonly ttlMs: number } | null;
  readonly policy: EdgePolicy;
  /** A request slower than this counts as slow in the blocks of counts; null: none is. */
  readonly slowMs: number | null;
  /** Requests to the others are copied to this group, so many percent; absent: none. */
  readonly mirror?: { readonly group: GroupId; readonly percent: number };
  readonly ingress?: CompiledIngress;
}

export interface ServiceIntent {
  readonly groups: Readonly<Record<GroupId, GroupIntent>>;
  /** Null for a port-less worker. */
  readonly traffic: TrafficIntent | null;
  /** The autoscaler's rule for the one group whose replicas are a range; absent: there is none. */
  readonly scaling?: CompiledScaling;
  /** Services of the environment that call this one, by the spec; absent: none. */
  readonly callers?: readonly ServiceName[];
  /** Name of an existing Deployment that this group takes over; absent: every group gets one of its own. */
  readonly adopt?: { readonly group: GroupId; readonly deployment: string };
}

/** Work that is done once, whatever happens: the target remembers finished ids. */
export interface TaskIntent {
  readonly id: string;
  readonly service: ServiceName;
  readonly group: GroupId;
  readonly kind: "smoke";
  readonly checks: readonly SmokeCheck[];
}

/** What should be true of one environment, complete: what is not in it goes away. */
export interface Intent {
  readonly services: Readonly<Record<ServiceName, ServiceIntent>>;
  readonly resources: Readonly<Record<string, CompiledResource>>;
  readonly tasks: readonly TaskIntent[];
  /** Absent: a host. */
  readonly kubernetes?: CompiledKubernetes;
}
