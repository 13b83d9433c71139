import type { CompiledService } from "../compiled.js";
import { isObject } from "../layers/trace.js";
import { nearest } from "../nearest.js";
import { suggestion } from "../problem.js";
import type { Report } from "./report.js";

/** Names that lead nowhere, or to what cannot be called, in `uses` and `after`; reads what is written, so it works beside other problems. */
export function checkReferences(
  services: Readonly<Record<string, unknown>>,
  resources: Readonly<Record<string, unknown>>,
  report: Report,
): void {
  for (const [name, service] of Object.entries(services)) {
    if (!isObject(service)) continue;
    const { uses, after } = service;
    const named = Array.isArray(uses)
      ? [...uses.entries()]
      : isObject(uses)
        ? Object.keys(uses).map((key) => [key, key])
        : [];
    for (const [key, resource] of named) {
      if (typeof resource !== "string" || Object.hasOwn(resources, resource)) continue;
      const here = report.below("services", name, "uses", key);
      const used = Object.hasOwn(services, resource) ? services[resource] : undefined;
      if (used === undefined)
        here.add(
          "spec-unknown-resource",
          `unknown resource "${resource}"`,
          usableHint(resource, name, services, resources),
        );
      else if (isObject(used) && used.port === undefined)
        here.add(
          "spec-uses-worker",
          `"${resource}" is a worker: it has no port to be called at`,
          `a port for "${resource}", or name it in after`,
        );
    }
    for (const [index, other] of Array.isArray(after) ? after.entries() : []) {
      if (typeof other !== "string" || other in services) continue;
      const near = suggestion(
        other,
        Object.keys(services).filter((one) => one !== name),
      );
      const hint = other in resources ? "that is a resource: name it in uses" : near;
      report.below("services", name, "after", index).add("spec-unknown-service", `unknown service "${other}"`, hint);
    }
  }
  checkCycles(services, report);
}

/** The resource or the other service that was probably meant, else the resources that there are. */
function usableHint(word: string, user: string, services: object, resources: object): string {
  const callable = Object.keys(services).filter((one) => one !== user);
  const near = nearest(word, [...Object.keys(resources), ...callable]);
  return near === null ? suggestion(word, Object.keys(resources)) : `did you mean "${near}"?`;
}

function checkCycles(services: Readonly<Record<string, unknown>>, report: Report): void {
  const after = (name: string): string[] => {
    const service = services[name];
    const list = isObject(service) && Array.isArray(service.after) ? service.after : [];
    return list.filter((other): other is string => typeof other === "string" && other in services);
  };
  const done = new Set<string>();
  const walk = (name: string, trail: readonly string[]): void => {
    const at = trail.indexOf(name);
    if (at >= 0) {
      const ring = [...trail.slice(at), name];
      const last = trail.at(-1) ?? name;
      const index = after(last).indexOf(name);
      const message =
        ring.length === 2 ? `"${name}" starts after itself` : `services wait for each other: ${ring.join(" → ")}`;
      report.below("services", last, "after", index).add("spec-cycle", message, "none of them could ever be first");
      return;
    }
    if (done.has(name)) return;
    for (const other of after(name)) walk(other, [...trail, name]);
    done.add(name);
  };
  for (const name of Object.keys(services).sort()) walk(name, []);
}

/** Two services of an environment cannot listen in the same place. */
export function checkPorts(services: readonly CompiledService[], report: Report): void {
  const everywhere = (host: string) => host === "0.0.0.0" || host === "::";
  for (const [index, service] of services.entries())
    for (const other of services.slice(0, index)) {
      const [a, b] = [service.listen, other.listen];
      if (a === null || b === null || a.port === 0 || a.port !== b.port) continue;
      if (a.host !== b.host && !everywhere(a.host) && !everywhere(b.host)) continue;
      report
        .below("services", service.name, "port")
        .add(
          "spec-port-twice",
          `port ${a.port} is taken by "${other.name}"`,
          "give each service its own, or 0 for a free one",
        );
    }
}
