import type { EdgePolicy, RouteMatch } from "../../../spec/compiled.js";

/**
 * What the daemon tells the edge and hears from it.
 *
 * Transport: HTTP with JSON on the edge's Unix socket (owner only): `PUT /table`, `GET /status`,
 * `GET /blocks?since=&prefix=` (of services whose key begins so), `GET /metrics`, `POST /daemon` (start a daemon as my
 * child and give it my listening sockets). Listening sockets travel over the Node IPC channel between the two, in
 * either direction, as raw handles: `ListenMessage`.
 * Both sides say which versions they speak; N and N-1 must get along.
 */
export const EDGE_PROTOCOL = 1;

/** The whole routing state; a new table replaces the old one in a single assignment. */
export interface EdgeTable {
  /** Rises with every table; `status` answers with the one in force. */
  readonly generation: number;
  readonly services: readonly EdgeService[];
}

export interface EdgeService {
  /** `<system>/<environment>/<service>`, unique. */
  readonly key: string;
  readonly listener: ListenerAddress;
  readonly tls: { readonly certificate: string; readonly key: string } | null;
  /** Integers that sum to 100 over groups below, or empty: nothing may get traffic, requests are held. */
  readonly weights: Readonly<Record<string, number>>;
  readonly routes: readonly { readonly match: RouteMatch; readonly group: string }[];
  readonly sticky: { readonly cookie: string; readonly ttlMs: number } | null;
  readonly policy: EdgePolicy;
  readonly slowMs: number | null;
  readonly groups: Readonly<Record<string, EdgeGroup>>;
}

export interface EdgeGroup {
  readonly label: string;
  readonly replicas: readonly EdgeReplica[];
}

export interface EdgeReplica {
  readonly id: string;
  readonly host: string;
  readonly port: number;
  /** What the supervisor's readiness probe says; the edge adds its own outlier judgement. */
  readonly ready: boolean;
  /** Gets nothing new; what runs may finish until the policy's drain time. */
  readonly draining: boolean;
  /** Path of the HTTP readiness probe, for `in after m successes`; null: a TCP connect. */
  readonly probePath: string | null;
}

export interface ListenerAddress {
  readonly host: string;
  readonly port: number;
}

export interface EdgeStatus {
  readonly protocol: number;
  readonly version: string;
  readonly pid: number;
  readonly generation: number;
  readonly services: Readonly<Record<string, EdgeServiceStatus>>;
}

export interface EdgeServiceStatus {
  readonly port: number | null;
  readonly weights: Readonly<Record<string, number>>;
  readonly routed: readonly string[];
  readonly groups: Readonly<
    Record<
      string,
      { readonly inFlight: number; readonly replicas: Readonly<Record<string, { inFlight: number; out: boolean }>> }
    >
  >;
}

/** Counts of one replica in one second of wall time at the edge. `secondsAgo` is monotonic: 0 is the running second. */
export interface EdgeBlock {
  readonly service: string;
  readonly group: string;
  readonly replica: string;
  /** Rises by one each second of the edge's monotonic clock; with `edge` it names the second for good. */
  readonly second: number;
  readonly total: number;
  readonly errors: number;
  readonly slow: number;
  /** Requests by bucket of `core/analysis/latency.ts`, upgraded connections left out. An older edge does not say. */
  readonly latencies?: Readonly<Record<number, number>>;
}

export interface EdgeBlocks {
  /** Changes when the edge is a new process. */
  readonly edge: string;
  readonly nowSecond: number;
  /** Milliseconds since the running second began. */
  readonly intoSecondMs: number;
  /**
   * Where to go on reading: the running second, which is not over, or an earlier one when there was too much for one
   * answer. Every second before it is complete. An older edge does not say: it is the running one.
   */
  readonly nextSecond?: number;
  readonly blocks: readonly EdgeBlock[];
}

/** Over IPC together with a raw TCP handle (`net.Native`). */
export interface ListenMessage {
  readonly kind: "listener";
  readonly address: ListenerAddress;
}
