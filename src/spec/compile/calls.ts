import type { Listen } from "../compiled.js";
import { CLUSTER_PORT, MACHINE_FROM_CONTAINER, RESOURCE_VARIABLES } from "../defaults.js";
import type { AuthoredService } from "./authored.js";
import type { Report } from "./report.js";

/** What a service may use, by name. */
export interface Usable {
  readonly isCluster: boolean;
  /** Replicas are containers: a cluster's, or those of this machine's Engine. */
  readonly inContainers: boolean;
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
export function usesOf({ uses = [], image }: AuthoredService, among: Usable, report: Report): Uses {
  const isContainer = among.inContainers || image !== undefined;
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
        url: among.isCluster
          ? `http://${name}:${listen.port === 0 ? CLUSTER_PORT : listen.port}`
          : urlHere(name, listen, isContainer, report.below("uses", key)),
      });
  }
  return { resources, services };
}

/** A name that a user wrote may be one that every object has: `constructor`. */
function own<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

/** On a host the edge listens where the spec says; in a cluster the Service has the name and the port of the spec. */
function urlHere(name: string, { host, port, tls }: Listen, isContainer: boolean, report: Report): string {
  if (port === 0)
    report.add(
      "spec-uses-free-port",
      `the URL of "${name}" is not known: its port is picked when it starts`,
      `give "${name}" a port of its own`,
    );
  const isEverywhere = host === "0.0.0.0" || host === "::";
  const isLoopback = host === "localhost" || host === "::1" || /^127\./.test(host);
  if (isContainer && isLoopback)
    report.add(
      "spec-uses-loopback",
      `"${name}" listens on ${host} alone, which a container does not reach`,
      `port: { number: ${port}, host: "0.0.0.0" }, or the address of the Engine's bridge, for "${name}"`,
    );
  const inside = isContainer ? MACHINE_FROM_CONTAINER : "127.0.0.1";
  const reached = isEverywhere ? inside : host.includes(":") ? `[${host}]` : host;
  return `${tls === null ? "http" : "https"}://${reached}:${port}`;
}
