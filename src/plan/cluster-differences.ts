import type { CompiledEnvironment, CompiledService } from "../spec/compiled.js";
import { duration, list, same, share } from "./words.js";

/** Differences in what a service is made of, how many there are and how it is reached; they change in place. */
export function clusterDifferences(before: CompiledService, after: CompiledService): readonly string[] {
  const found: string[] = [];
  const changed = <T>(label: string, a: T, b: T, show: (value: T) => string) => {
    if (!same(a ?? null, b ?? null)) found.push(`${label}: ${show(a)} → ${show(b)}`);
  };
  changed("image made", before.build, after.build, build);
  changed("scaling", before.scaling, after.scaling, (range) => scaling(range, "none"));
  changed("ingress", before.ingress, after.ingress, ingress);
  changed("calls", before.calls, after.calls, (calls = []) =>
    list(calls.map(({ service, variable }) => `${service} as ${variable}`)),
  );
  changed("mirror", mirror(before), mirror(after), (percent) => (percent === null ? "none" : `${percent} %`));
  changed("adopts", before.adopt, after.adopt, (name) => name ?? "nothing");
  return found;
}

/** Differences of the environment that each service feels. */
export function pullDifferences(before: CompiledEnvironment, after: CompiledEnvironment): readonly string[] {
  const [a, b] = [before.kubernetes, after.kubernetes];
  if (a === undefined || b === undefined || a.pullSecret === b.pullSecret) return [];
  const by = (secret: string | undefined) => secret ?? "the nodes' own credentials";
  return [`images are pulled by: ${by(a.pullSecret)} → ${by(b.pullSecret)}`];
}

/** Differences of the environment that each service with a port feels. */
export function trafficDifferences(before: CompiledEnvironment, after: CompiledEnvironment): readonly string[] {
  const [a, b] = [before.kubernetes?.traffic, after.kubernetes?.traffic];
  if (a === undefined || b === undefined || same(a, b)) return [];
  const [left, right] = [traffic(a), traffic(b)];
  return [
    left === right ? `requests are shared ${left}, with other settings` : `requests are shared ${left} → ${right}`,
  ];
}

export function scaling(range: CompiledService["scaling"], none: string): string {
  if (range === undefined) return none;
  const targets = [
    range.cpu === null ? null : `${share(range.cpu)} of its cpu`,
    range.memory === null ? null : `${share(range.memory)} of its memory`,
  ].filter((one) => one !== null);
  return `${range.min} to ${range.max} at ${targets.join(" or ")}, up after ${duration(range.upMs)}, down after ${duration(range.downMs)}`;
}

function build(of: CompiledService["build"]): string {
  if (of === undefined) return "not at all";
  if (of.kind === "files") return `of its files on ${of.base}`;
  return `by ${of.file} in ${of.context}${of.stage === null ? "" : `, stage ${of.stage}`}`;
}

function ingress(way: CompiledService["ingress"]): string {
  if (way === undefined) return "none";
  const hosts = way.hosts.length === 0 ? "its own name" : way.hosts.join(", ");
  const more = [
    way.tls === null ? null : `certificate ${way.tls}`,
    way.redirect ? "redirects to HTTPS" : null,
    way.rateLimit === null ? null : `${way.rateLimit} requests a second`,
  ].filter((one) => one !== null);
  return [`${hosts} ${way.path}`, ...more].join(", ");
}

function mirror({ strategy }: CompiledService): number | null {
  return strategy.kind === "canary" ? (strategy.mirror ?? null) : null;
}

function traffic(of: NonNullable<CompiledEnvironment["kubernetes"]>["traffic"]): string {
  if (of.kind === "gateway") return `by gateway ${of.namespace}/${of.name}`;
  return of.kind === "ingress" ? `by replicas behind Ingress ${of.className ?? "of the default class"}` : "by replicas";
}
