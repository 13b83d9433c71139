import type { Listen } from "../compiled.js";
import { CLUSTER_PORT, RESOURCE_VARIABLES } from "../defaults.js";
import type { AuthoredService } from "./authored.js";
import type { Report } from "./report.js";

/** What a service may use, by name. */
export interface Usable {
  readonly isCluster: boolean;
  /** Kind of each resource. */
  readonly resources: Readonly<Record<string, "postgres" | "redis">>;
  /** Where each service listens; workers, and services that are not understood, are left out. */
  readonly listens: Readonly<Record<string, Listen>>;
}

export interface Uses {
  readonly resources: readonly { readonly resource: string; readonly variable: string }[];
  readonly services: readonly { readonly service: string; readonly variable: string; readonly url: string }[];
}

/** What is unknown, or has no port, is somebody else's problem (references.ts), so it is left out here. */
export function usesOf({ uses = [] }: AuthoredService, among: Usable, report: Report): Uses {
  const resources: Uses["resources"][number][] = [];
  const services: Uses["services"][number][] = [];
  const pairs = Array.isArray(uses)
    ? uses.map((name, index) => [name, true, index] as const)
    : Object.entries(uses).map(([name, variable]) => [name, variable, name] as const);
  for (const [name, variable, key] of pairs) {
    const kind = own(among.resources, name);
    const listen = own(among.listens, name);
    if (kind !== undefined)
      resources.push({ resource: name, variable: variable === true ? RESOURCE_VARIABLES[kind] : variable });
    else if (listen !== undefined)
      services.push({
        service: name,
        variable: variable === true ? `${name.toUpperCase().replaceAll("-", "_")}_URL` : variable,
        url: urlOf(name, listen, among.isCluster, report.below("uses", key)),
      });
  }
  return { resources, services };
}

/** A name that a user wrote may be one that every object has: `constructor`. */
function own<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

/** In a cluster the Service has the name and the port of the spec; on a host the edge listens where it says. */
function urlOf(name: string, { host, port, tls }: Listen, isCluster: boolean, report: Report): string {
  if (isCluster) return `http://${name}:${port === 0 ? CLUSTER_PORT : port}`;
  if (port === 0)
    report.add(
      "spec-uses-free-port",
      `the URL of "${name}" is not known: its port is picked when it starts`,
      `give "${name}" a port of its own`,
    );
  const reached = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host.includes(":") ? `[${host}]` : host;
  return `${tls === null ? "http" : "https"}://${reached}:${port}`;
}
