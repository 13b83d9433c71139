import type { CompiledService, EdgePolicy, EnvironmentValue, Listen } from "../compiled.js";
import { RESOURCE_VARIABLES } from "../defaults.js";
import { cores } from "../quantity/cpu.js";
import { analysis } from "./analysis.js";
import type { AuthoredService } from "./authored.js";
import { guards } from "./guards.js";
import { probes } from "./probes.js";
import { bytes, ms } from "./quantities.js";
import type { Report } from "./report.js";
import { run, source } from "./run.js";
import { strategy } from "./strategy.js";

/** What a service is compiled among. */
export interface Surroundings {
  readonly isProtected: boolean;
  readonly services: readonly string[];
  /** Kind by name. */
  readonly resources: Readonly<Record<string, "postgres" | "redis">>;
}

/** A service whose layers are merged, whose defaults are in and that fits the schema. */
export function compileService(
  name: string,
  written: AuthoredService,
  around: Surroundings,
  report: Report,
): CompiledService {
  const uses = usesOf(written, around);
  checkVariables(written, uses, report);
  return {
    name,
    run: run(written, around.isProtected, around.services, report),
    source: source(written, report.below("source")),
    listen: listen(written, report.below("port")),
    environment: environment(written),
    probes: probes(written, report),
    replicas: written.replicas ?? 1,
    cpu: written.cpu === undefined ? null : cores(written.cpu),
    memoryBytes: written.memory === undefined ? null : bytes(written.memory),
    stopGraceMs: ms(written.stopGrace ?? ""),
    strategy: strategy(written, report),
    guards: guards(written, report),
    analysis: analysis(written, report.below("analysis")),
    onTooLittleData: written.onTooLittleData ?? "hold",
    readyDeadlineMs: ms(written.readyDeadline ?? ""),
    edge: edge(written.edge ?? {}),
    uses,
    after: written.after ?? [],
  };
}

function listen(written: AuthoredService, report: Report): Listen | null {
  const { port } = written;
  if (port === undefined || typeof port === "number") return null;
  const { certificate, key } = port.tls ?? {};
  if (port.tls !== undefined && (certificate === undefined || key === undefined))
    report
      .below("tls")
      .add(
        "spec-tls",
        `tls has no ${certificate === undefined ? "certificate" : "key"}`,
        "it takes both files: certificate and key",
      );
  // The edge knows no directory of the spec, and a certificate does not travel with a release.
  for (const file of [certificate, key])
    if (file !== undefined && !file.startsWith("/"))
      report
        .below("tls")
        .add("spec-tls", `"${file}" is not an absolute path`, "the files stay on the machine that serves");
  const tls = certificate !== undefined && key !== undefined ? { certificate, key } : null;
  return { host: port.host ?? "127.0.0.1", port: port.number, tls };
}

function environment(written: AuthoredService): Record<string, EnvironmentValue> {
  const entries = Object.entries(written.environment ?? {}).map(([name, value]): [string, EnvironmentValue] => [
    name,
    typeof value === "object"
      ? { kind: "secret", name: value.secret, generate: value.generate ?? false }
      : { kind: "plain", value: String(value) },
  ]);
  return Object.fromEntries(entries);
}

function edge(written: NonNullable<AuthoredService["edge"]>): EdgePolicy {
  return {
    outAfterFailures: written.outAfterFailures ?? 1,
    inAfterSuccesses: written.inAfterSuccesses ?? 1,
    retries: written.retries ?? 0,
    holdMs: ms(written.hold ?? ""),
    drainMs: ms(written.drain ?? ""),
    requestTimeoutMs: ms(written.requestTimeout ?? ""),
    maxBodyBytes: bytes(written.maxBody ?? ""),
  };
}

/** An unknown resource is somebody else's problem (references.ts), so it is left out here. */
function usesOf(written: AuthoredService, around: Surroundings): CompiledService["uses"] {
  const { uses = [] } = written;
  const pairs = Array.isArray(uses) ? uses.map((resource) => [resource, true] as const) : Object.entries(uses);
  return pairs.flatMap(([resource, variable]) => {
    const kind = around.resources[resource];
    if (kind === undefined) return [];
    return [{ resource, variable: variable === true ? RESOURCE_VARIABLES[kind] : variable }];
  });
}

function checkVariables(written: AuthoredService, uses: CompiledService["uses"], report: Report): void {
  const plain = written.environment ?? {};
  const owner = new Map<string, string>();
  for (const { resource, variable } of uses) {
    const other = owner.get(variable);
    const here = report.below("uses");
    if (other !== undefined)
      here.add(
        "spec-variable-twice",
        `"${other}" and "${resource}" both come as ${variable}`,
        "name the variables: uses: { resource: VARIABLE }",
      );
    if (plain[variable] !== undefined)
      here.add(
        "spec-variable-twice",
        `${variable} is set in environment and by "${resource}"`,
        "remove it from environment",
      );
    owner.set(variable, resource);
  }
  for (const name of Object.keys(plain))
    if (name.startsWith("WINDLASS_") || (name === "PORT" && written.port !== undefined))
      report
        .below("environment", name)
        .add("spec-reserved-variable", `Windlass sets ${name} itself`, "remove it: every replica gets its own");
}
