import type { EdgeReplica, EdgeService } from "./protocol.js";

/** A service of a story: what the story is about is named, the rest is ordinary. Replicas are given by their ports. */
export interface ServiceStory {
  readonly weights: Readonly<Record<string, number>>;
  readonly groups: Readonly<Record<string, readonly (number | EdgeReplica)[]>>;
  readonly routes?: EdgeService["routes"];
  readonly sticky?: EdgeService["sticky"];
  readonly policy?: Partial<EdgeService["policy"]>;
  readonly port?: number;
  readonly tls?: EdgeService["tls"];
  readonly key?: string;
}

export function replicaOf(port: number, over: Partial<EdgeReplica> = {}): EdgeReplica {
  return { id: `p${port}`, host: "127.0.0.1", port, ready: true, draining: false, probePath: null, ...over };
}

export function serviceOf(story: ServiceStory): EdgeService {
  const groups = Object.entries(story.groups).map(([id, replicas]) => [
    id,
    { label: id, replicas: replicas.map((one) => (typeof one === "number" ? replicaOf(one) : one)) },
  ]);
  return {
    key: story.key ?? "test/test/web",
    listener: { host: "127.0.0.1", port: story.port ?? 0 },
    tls: story.tls ?? null,
    weights: story.weights,
    routes: story.routes ?? [],
    sticky: story.sticky ?? null,
    policy: {
      outAfterFailures: 3,
      inAfterSuccesses: 2,
      retries: 2,
      holdMs: 10_000,
      drainMs: 10_000,
      requestTimeoutMs: 30_000,
      maxBodyBytes: 1_000_000,
      ...story.policy,
    },
    slowMs: null,
    groups: Object.fromEntries(groups),
  };
}
