import type { CompiledService, EdgePolicy, EnvironmentValue, Listen } from "../compiled.js";
import { cores } from "../quantity/cpu.js";
import { analysis } from "./analysis.js";
import type { AuthoredService } from "./authored.js";
import { build } from "./build.js";
import { type Usable, type Uses, usesOf } from "./calls.js";
import { guards } from "./guards.js";
import { ingress } from "./ingress.js";
import { probes } from "./probes.js";
import { bytes, ms } from "./quantities.js";
import type { Report } from "./report.js";
import { run, source } from "./run.js";
import { scaling } from "./scaling.js";
import { strategy } from "./strategy.js";

/** What a service is compiled among. */
export interface Surroundings extends Usable {
  readonly isProtected: boolean;
  readonly services: readonly string[];
}

/** A service whose layers are merged, whose defaults are in and that fits the schema. */
export function compileService(
  name: string,
  written: AuthoredService,
  around: Surroundings,
  report: Report,
): CompiledService {
  const uses = usesOf(written, around, report);
  checkVariables(written, uses, report);
  const runs = run(written, around, report);
  const { isCluster } = around;
  const built = build(written, runs, around.inContainers, report);
  const range = scaling(written, isCluster, report.below("scaling"));
  const reached = ingress(written, isCluster, report.below("ingress"));
  if (isCluster && typeof written.port === "object" && written.port.tls !== undefined)
    report
      .below("port", "tls")
      .add(
        "spec-tls",
        "a pod has no certificate of this machine",
        'ingress: { tls: "secret-name" }, and tls: null here',
      );
  return {
    name,
    run: runs,
    source: source(written, report.below("source")),
    listen: listenOf(written, report.below("port")),
    environment: environment(written, uses),
    probes: probes(written, report),
    replicas: written.replicas ?? 1,
    cpu: written.cpu === undefined ? null : cores(written.cpu),
    memoryBytes: written.memory === undefined ? null : bytes(written.memory),
    stopGraceMs: ms(written.stopGrace ?? ""),
    strategy: strategy(written, isCluster, report),
    guards: guards(written, report),
    analysis: analysis(written, report.below("analysis")),
    onTooLittleData: written.onTooLittleData ?? "hold",
    readyDeadlineMs: ms(written.readyDeadline ?? ""),
    edge: edge(written.edge ?? {}),
    uses: uses.resources,
    after: written.after ?? [],
    ...(built !== undefined && { build: built }),
    ...(range !== undefined && { scaling: range }),
    ...(reached !== undefined && { ingress: reached }),
    ...(uses.services.length > 0 && { calls: uses.services.map(({ service, variable }) => ({ service, variable })) }),
    ...(isCluster && written.adopt !== undefined && { adopt: written.adopt }),
  };
}

/** Where clients reach the service; null: it is a worker. */
export function listenOf(written: AuthoredService, report: Report): Listen | null {
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

function environment(written: AuthoredService, uses: Uses): Record<string, EnvironmentValue> {
  const entries = Object.entries(written.environment ?? {}).map(([name, value]): [string, EnvironmentValue] => [
    name,
    typeof value === "object"
      ? { kind: "secret", name: value.secret, generate: value.generate ?? false }
      : { kind: "plain", value: String(value) },
  ]);
  const urls = uses.services.map(({ variable, url }): [string, EnvironmentValue] => [
    variable,
    { kind: "plain", value: url },
  ]);
  return Object.fromEntries([...entries, ...urls]);
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

function checkVariables(written: AuthoredService, uses: Uses, report: Report): void {
  const plain = written.environment ?? {};
  const owner = new Map<string, string>();
  const used = [
    ...uses.resources.map(({ resource, variable }) => ({ name: resource, variable })),
    ...uses.services.map(({ service, variable }) => ({ name: service, variable })),
  ];
  for (const { name, variable } of used) {
    const other = owner.get(variable);
    const here = report.below("uses");
    if (other !== undefined)
      here.add(
        "spec-variable-twice",
        `"${other}" and "${name}" both come as ${variable}`,
        "name the variables: uses: { name: VARIABLE }",
      );
    if (plain[variable] !== undefined)
      here.add(
        "spec-variable-twice",
        `${variable} is set in environment and by "${name}"`,
        "remove it from environment",
      );
    owner.set(variable, name);
  }
  for (const name of Object.keys(plain))
    if (name.startsWith("WINDLASS_") || (name === "PORT" && written.port !== undefined))
      report
        .below("environment", name)
        .add("spec-reserved-variable", `Windlass sets ${name} itself`, "remove it: every replica gets its own");
}
