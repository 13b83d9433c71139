import path from "node:path";
import type { Release } from "../../src/core/model/revision.js";
import { compile } from "../../src/spec/compile/compile.js";
import type { CompiledEnvironment } from "../../src/spec/compiled.js";
import type { ServiceSpec, SystemSpec } from "../../src/spec/define.js";
import { digestOf } from "../../src/spec/digest.js";

export const SERVICE = "web";
const SYSTEM = "bench";
const WEB = path.join(import.meta.dirname, "..", "services", "web.mjs");

/** One version of the benchmarks' system: what a deploy takes. */
export interface Version {
  readonly release: Release;
  readonly environment: CompiledEnvironment;
}

export interface VersionOptions {
  readonly label: string;
  readonly port: number;
  readonly environment?: string;
  readonly replicas?: number;
  readonly strategy: ServiceSpec["strategy"];
  readonly variables?: Readonly<Record<string, string>>;
  readonly guards?: ServiceSpec["guards"];
  readonly edge?: ServiceSpec["edge"];
  /** None unless given: what is measured here are switches, and a comparison would wait for minutes before each. */
  readonly analysis?: ServiceSpec["analysis"];
  /** Id of an image in this machine's Engine, as the CLI has one built; absent: replicas are processes. */
  readonly image?: string;
}

/** Compiles `bench/services/web.mjs` into a release of its own: the label is in its environment, so none equals another. */
export function versionOf(options: VersionOptions): Version {
  const { label, port, environment = "production", replicas = 2, strategy, variables = {} } = options;
  const authored: SystemSpec = {
    name: SYSTEM,
    services: {
      [SERVICE]: {
        command: [process.execPath, WEB],
        source: false,
        port,
        replicas,
        environment: { LABEL: label, ...variables },
        probes: { readiness: { http: "/ready", period: "100ms", timeout: "100ms", failures: 20 }, liveness: false },
        stopGrace: "10s",
        strategy,
        guards: options.guards ?? [{ signal: "errors", above: "5%", for: "1s", minSamples: 10 }],
        analysis: options.analysis ?? false,
        onTooLittleData: "continue",
        readyDeadline: "30s",
        ...(options.edge === undefined ? {} : { edge: options.edge }),
      },
    },
    environments: { [environment]: {} },
  };
  const compiled = compile(authored);
  if (compiled.system === undefined) throw new Error(`the spec is not valid: ${JSON.stringify(compiled.problems)}`);
  const found = compiled.system.environments[environment];
  if (found === undefined) throw new Error(`no environment ${environment}`);
  const images = options.image === undefined ? {} : { images: { [SERVICE]: options.image } };
  const content = { version: label, commit: null, dirty: false, artefacts: {}, ...images, spec: compiled.digest };
  return { release: { digest: digestOf(content), label, ...content }, environment: found };
}

export function keyOf({ environment }: Version): string {
  return `${SYSTEM}/${environment.name}`;
}
