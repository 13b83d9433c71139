import type { CompiledService } from "../compiled.js";
import type { CompiledIngress } from "../compiled-cluster.js";
import { INGRESS_DEFAULTS } from "../defaults.js";
import type { AuthoredService } from "./authored.js";
import type { Report } from "./report.js";

/** Where clients from outside a cluster reach a service; a host has the service's own address for that. */
export function ingress(written: AuthoredService, isCluster: boolean, report: Report): CompiledIngress | undefined {
  const { ingress: way, port } = written;
  if (typeof way !== "object") return undefined;
  if (port === undefined)
    report.add("spec-ingress", "a worker has no port that clients could reach", "port: 8080, or no ingress");
  if (way.host !== undefined && way.hosts !== undefined)
    report.below("host").add("spec-ingress", "host is one, hosts are several: write one of them");
  if (!isCluster) return undefined;
  return {
    hosts: way.host !== undefined ? [way.host] : (way.hosts ?? []),
    path: way.path ?? INGRESS_DEFAULTS.path,
    tls: way.tls ?? null,
    redirect: way.redirect ?? way.tls !== undefined,
    rateLimit: way.rateLimit ?? null,
  };
}

/** A request leads to one service, and a Deployment is taken over by one. */
export function checkClaims(services: readonly CompiledService[], report: Report): void {
  const owners = new Map<string, string>();
  const claim = (
    key: string,
    owner: CompiledService,
    field: string,
    code: string,
    sentence: (other: string) => string,
  ) => {
    const other = owners.get(key);
    if (other === undefined) owners.set(key, owner.name);
    else if (other !== owner.name) report.below("services", owner.name, field).add(code, sentence(other));
  };
  for (const service of services) {
    for (const host of service.ingress?.hosts ?? []) {
      const place = `${host}${service.ingress?.path ?? ""}`;
      claim(
        `host ${place}`,
        service,
        "ingress",
        "spec-ingress-twice",
        (other) => `${place} leads to "${other}" already`,
      );
    }
    if (service.adopt !== undefined)
      claim(`adopt ${service.adopt}`, service, "adopt", "spec-adopt-twice", (other) => `"${other}" adopts it already`);
  }
}
