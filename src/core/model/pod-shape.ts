import type { CompiledEnvironment, CompiledService } from "../../spec/compiled.js";
import type { PodShape } from "./intent.js";

/** Where a pod listens when the spec names no port, or one that only root may listen at. */
export const DEFAULT_POD_PORT = 8080;
const FIRST_UNPRIVILEGED = 1024;

/** Port of a service's Service in the cluster: what other services and routes name. */
export function clusterPortOf(port: number): number {
  return port === 0 ? 80 : port;
}

export function podShapeOf(environment: CompiledEnvironment, spec: CompiledService): PodShape {
  const { listen } = spec;
  const urls = (spec.calls ?? []).map(({ service, variable }): [string, string] => [
    variable,
    `http://${service}:${clusterPortOf(environment.services[service]?.listen?.port ?? 0)}`,
  ]);
  const port = listen === null ? null : listen.port < FIRST_UNPRIVILEGED ? DEFAULT_POD_PORT : listen.port;
  return { port, drainMs: listen === null ? 0 : spec.edge.drainMs, urls: Object.fromEntries(urls) };
}
