import { clusterPortOf } from "../core/model/pod-shape.js";
import type { CompiledEnvironment, CompiledService } from "../spec/compiled.js";

/** Where clients reach a service of a cluster: the host of its way in, or its name inside. Null: a worker. */
export function wayIn({ listen, ingress, name }: CompiledService, environment: CompiledEnvironment): string | null {
  const { kubernetes } = environment;
  if (kubernetes === undefined || listen === null) return null;
  const { namespace, traffic } = kubernetes;
  const inside = `${name}.${namespace}`;
  const hasWayIn = traffic.kind === "gateway" || (traffic.kind === "ingress" && ingress !== undefined);
  if (!hasWayIn) return `http://${inside}:${clusterPortOf(listen.port)}`;
  const isSecure = ingress !== undefined && (ingress.tls !== null || ingress.redirect);
  const path = ingress === undefined || ingress.path === "/" ? "" : ingress.path;
  return `${isSecure ? "https" : "http"}://${ingress?.hosts[0] ?? inside}${path}`;
}
