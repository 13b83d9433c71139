import {
  BUILT_IN_ENVIRONMENTS,
  EDGE_DEFAULTS,
  ENVIRONMENT_DEFAULTS,
  LISTEN_DEFAULTS,
  PROBE_DEFAULTS,
  SERVICE_DEFAULTS,
  SOURCE_DEFAULTS,
  STICKY_DEFAULTS,
  STRATEGY_DEFAULTS,
} from "../defaults.js";
import { durationMs } from "../quantity/duration.js";
import { analysisDefaults, guardDefaults } from "./fill-analysis.js";
import { containerDefaults, engineDefaults, runsContainers } from "./fill-cluster.js";
import { overlay } from "./overlay.js";
import { isObject, plain, type Traced, trace } from "./trace.js";

const DEFAULT = { layer: { kind: "default" }, path: [] } as const;

/** The environment with every field that has a default; `kinship` is its name and those that it extends. */
export function fill(environment: Traced, kinship: readonly string[], system: unknown): Traced {
  const builtIn = kinship.map((name) => BUILT_IN_ENVIRONMENTS[name]).find((found) => found !== undefined);
  const all = plain(environment);
  const written = isObject(all) ? all : {};
  const services = isObject(written.services) ? written.services : {};
  const around = { onTooLittleData: builtIn?.onTooLittleData, inContainers: runsContainers(written) };
  const defaults: Record<string, unknown> = {
    ...ENVIRONMENT_DEFAULTS,
    ...(builtIn && { protected: builtIn.protected }),
    ...engineDefaults(written, system, kinship[0] ?? ""),
    services: Object.fromEntries(
      Object.entries(services).map(([name, service]) => [name, serviceDefaults(service, around)]),
    ),
    resources: {},
  };
  const resources = isObject(written.resources) ? written.resources : {};
  for (const [name, resource] of Object.entries(resources))
    (defaults.resources as Record<string, unknown>)[name] =
      isObject(resource) && resource.local === undefined && resource.external === undefined
        ? { kind: resource.kind, embedded: true }
        : { ...(isObject(resource) && { kind: resource.kind }) };
  return overlay(
    trace(defaults, DEFAULT, (value) => value),
    environment,
  );
}

/** A service that lost its broken fields, with defaults in their place, so that the others can be looked at. */
export function fillService(service: Record<string, unknown>): unknown {
  const asIs = (value: unknown) => value;
  const defaults = trace(serviceDefaults(service, {}), DEFAULT, asIs);
  return plain(overlay(defaults, trace(service, DEFAULT, asIs), ["services", ""]));
}

interface Around {
  readonly onTooLittleData?: string | undefined;
  readonly inContainers?: boolean;
}

function serviceDefaults(service: unknown, around: Around): Record<string, unknown> {
  if (!isObject(service)) return {};
  const { onTooLittleData, inContainers = false } = around;
  const hasPort = service.port !== undefined;
  const strategy = strategyDefaults(service.strategy);
  return {
    ...SERVICE_DEFAULTS,
    ...(onTooLittleData !== undefined && { onTooLittleData }),
    ...(hasPort && { port: LISTEN_DEFAULTS }),
    ...((isObject(service.source) || packsByDefault(service)) && { source: SOURCE_DEFAULTS }),
    ...containerDefaults(service, inContainers),
    probes: probesDefaults(isObject(service.probes) ? service.probes : {}, hasPort),
    strategy,
    guards: guardDefaults(service.analysis, hasPort, strategy.kind === "canary"),
    ...analysisDefaults(service.analysis, hasPort),
    edge: EDGE_DEFAULTS,
  };
}

/** A command has files; an image, or a Dockerfile alone, brings its own. */
function packsByDefault(service: Record<string, unknown>): boolean {
  const isBuilt = service.command === undefined && service.dockerfile !== undefined;
  return service.image === undefined && service.source !== false && !isBuilt;
}

function probesDefaults(probes: Record<string, unknown>, hasPort: boolean): Record<string, unknown> {
  const filled: Record<string, unknown> = {};
  for (const name of ["startup", "liveness", "readiness"] as const) {
    const probe = probes[name];
    if (isObject(probe)) filled[name] = { ...action(probe, hasPort), ...inStep(PROBE_DEFAULTS[name], probe) };
    else if (probe === undefined && name === "readiness" && hasPort)
      filled[name] = { tcp: true, ...PROBE_DEFAULTS[name] };
    else if (probe === undefined) filled[name] = false;
  }
  return filled;
}

function action(probe: Record<string, unknown>, hasPort: boolean): object {
  const chosen = ["http", "tcp", "command"].some((key) => probe[key] !== undefined);
  return chosen || !hasPort ? {} : { tcp: true };
}

/** A default timeout never exceeds the period that was written, nor a default period fall below the timeout. */
function inStep(defaults: { period: string; timeout: string }, probe: Record<string, unknown>): object {
  const ms = (value: unknown) => (typeof value === "string" ? durationMs(value) : null);
  const [period, timeout] = [ms(probe.period), ms(probe.timeout)];
  if (period !== null && timeout === null && period < (ms(defaults.timeout) ?? 0))
    return { ...defaults, timeout: probe.period };
  if (timeout !== null && period === null && timeout > (ms(defaults.period) ?? 0))
    return { ...defaults, period: probe.timeout };
  return defaults;
}

function strategyDefaults(strategy: unknown): Record<string, unknown> {
  const written = isObject(strategy) ? strategy : {};
  const kind =
    written.kind ?? (written.stages !== undefined ? "canary" : written.smoke !== undefined ? "blue-green" : "rolling");
  if (kind !== "rolling" && kind !== "blue-green" && kind !== "canary") return {};
  const sticky = isObject(written.sticky) ? { sticky: STICKY_DEFAULTS } : {};
  return { kind, ...STRATEGY_DEFAULTS[kind], ...sticky };
}
