import type { CompiledService } from "../../spec/compiled.js";
import { CLUSTER_PORT } from "../../spec/defaults.js";
import type { PodShape } from "./intent.js";

/** Where a pod listens when the spec names no port, or one that only root may listen at. */
export const DEFAULT_POD_PORT = 8080;
const FIRST_UNPRIVILEGED = 1024;

/** Port of a service's Services in the cluster: what other services and routes name. */
export function clusterPortOf(port: number): number {
  return port === 0 ? CLUSTER_PORT : port;
}

export function podShapeOf({ listen, edge }: CompiledService): PodShape {
  if (listen === null) return { port: null, drainMs: 0 };
  return { port: listen.port < FIRST_UNPRIVILEGED ? DEFAULT_POD_PORT : listen.port, drainMs: edge.drainMs };
}
