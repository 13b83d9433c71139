import type { CompiledService, EnvironmentValue, Probe, Run, Strategy } from "../spec/compiled.js";
import { clusterDifferences } from "./cluster-differences.js";
import { analysisDifferences } from "./comparison.js";
import { duration, list, quote, same, share, size } from "./words.js";

interface Side {
  readonly service: CompiledService;
  readonly artefact: string | null;
  /** The image that was made of it, by digest; null: none was. */
  readonly image: string | null;
}

/**
 * One sentence per difference in what a replica is: each is a reason to roll out. `secrets` names the variables whose
 * plain values are not shown, because somewhere they are, or were, a secret.
 */
export function serviceDifferences(from: Side, to: Side, secrets: ReadonlySet<string>): readonly string[] {
  const [before, after] = [from.service, to.service];
  const found: string[] = [];
  const changed = <T>(label: string, a: T, b: T, show: (value: T) => string) => {
    if (same(a, b)) return;
    const [left, right] = [show(a), show(b)];
    // What reads the same is not said twice.
    found.push(left === right ? `${label}: changes` : `${label}: ${left} → ${right}`);
  };
  const short = (name: string | null) => name?.replace(/(sha256:.{12}).*$/, "$1") ?? "none";
  // The image holds the files.
  if (from.image === null && to.image === null) changed("files", from.artefact, to.artefact, short);
  else changed("image", from.image, to.image, short);
  changed(before.run.kind === "image" && after.run.kind === "image" ? "image" : "command", before.run, after.run, runs);
  found.push(...variables(before.environment, after.environment, secrets));
  for (const probe of ["startup", "liveness", "readiness"] as const)
    changed(`${probe} probe`, before.probes[probe], after.probes[probe], probes);
  changed("port", before.listen !== null, after.listen !== null, (has) => (has ? "gets one" : "none"));
  changed("cpu", before.cpu, after.cpu, (value) => (value === null ? "no limit" : `${value} cores`));
  changed("memory", before.memoryBytes, after.memoryBytes, (value) => (value === null ? "no limit" : size(value)));
  changed("stop grace", before.stopGraceMs, after.stopGraceMs, duration);
  changed("uses", before.uses, after.uses, (uses) => list(uses.map((use) => `${use.resource} as ${use.variable}`)));
  return found;
}

/** Differences in how it is run, reached and watched: they change in place. */
export function settingDifferences(
  before: CompiledService,
  after: CompiledService,
  scaled: number | null,
): readonly string[] {
  const found: string[] = [];
  const changed = <T>(label: string, a: T, b: T, show: (value: T) => string) => {
    if (!same(a, b)) found.push(`${label}: ${show(a)} → ${show(b)}`);
  };
  // Of a range the lower end is told with the rest of it.
  const ranges = before.scaling !== undefined && after.scaling !== undefined;
  if (!ranges) changed("replicas", before.replicas, after.replicas, String);
  if (scaled !== null && before.replicas !== after.replicas)
    found.push(`replicas stay at ${scaled}, as \`windlass scale\` said`);
  if (before.listen !== null && after.listen !== null)
    changed("address", before.listen, after.listen, (listen) =>
      listen === null ? "none" : `${listen.host}:${listen.port}${listen.tls === null ? "" : " with HTTPS"}`,
    );
  if (!same(unmirrored(before.strategy), unmirrored(after.strategy)))
    found.push(
      before.strategy.kind === after.strategy.kind
        ? `strategy: ${after.strategy.kind} with other settings`
        : `strategy: ${before.strategy.kind} → ${after.strategy.kind}`,
    );
  changed("guards", before.guards, after.guards, (guards) => list(guards.map(guard)));
  found.push(...analysisDifferences(before.analysis, after.analysis));
  changed("with too little data", before.onTooLittleData, after.onTooLittleData, String);
  changed("ready deadline", before.readyDeadlineMs, after.readyDeadlineMs, duration);
  for (const field of Object.keys(after.edge) as (keyof CompiledService["edge"])[])
    changed(`edge ${field}`, before.edge[field], after.edge[field], String);
  changed("starts after", before.after, after.after, list);
  found.push(...clusterDifferences(before, after));
  return found;
}

/** What is mirrored is told by itself. */
function unmirrored(strategy: Strategy): Strategy {
  if (strategy.kind !== "canary") return strategy;
  const { mirror: _, ...rest } = strategy;
  return rest;
}

function variables(
  before: Readonly<Record<string, EnvironmentValue>>,
  after: Readonly<Record<string, EnvironmentValue>>,
  secrets: ReadonlySet<string>,
): string[] {
  const show = (name: string, value: EnvironmentValue) => {
    if (value.kind === "secret") return `secret ${value.name}`;
    return secrets.has(name) ? "a plain value (hidden: it is a secret elsewhere)" : quote(value.value);
  };
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return names.flatMap((name) => {
    const [a, b] = [before[name], after[name]];
    if (same(a, b)) return [];
    if (a === undefined) return b === undefined ? [] : [`environment ${name}: new, ${show(name, b)}`];
    if (b === undefined) return [`environment ${name}: removed`];
    const [left, right] = [show(name, a), show(name, b)];
    return [left === right ? `environment ${name}: changes` : `environment ${name}: ${left} → ${right}`];
  });
}

function runs(run: Run): string {
  const argv = run.argv?.map(quote).join(" ") ?? "";
  return run.kind === "command" ? argv : `${run.image}${argv === "" ? "" : ` ${argv}`}`;
}

function probes(probe: Probe | null): string {
  if (probe === null) return "none";
  const { action } = probe;
  const what =
    action.kind === "http"
      ? `GET ${action.path}`
      : action.kind === "tcp"
        ? "TCP"
        : `command ${action.argv.map(quote).join(" ")}`;
  const every = `every ${duration(probe.periodMs)} after ${duration(probe.delayMs)}, ${duration(probe.timeoutMs)} each`;
  return `${what} ${every}, out after ${probe.failures}, in after ${probe.successes}`;
}

function guard(one: CompiledService["guards"][number]): string {
  const what = one.signal === "slow" ? `slower than ${duration(one.slowMs ?? 0)}` : one.signal;
  const above = one.signal === "restarts" ? String(one.above) : share(one.above);
  return `${what} above ${above} for ${duration(one.forMs)} of ${one.minSamples} at least`;
}
