import type { Release } from "../../src/core/model/revision.js";
import { compile } from "../../src/spec/compile/compile.js";
import type { ServiceSpec, SystemSpec } from "../../src/spec/define.js";
import { digestOf } from "../../src/spec/digest.js";
import type { Version } from "../installation/system.js";

export interface ClusterVersion {
  readonly label: string;
  /** Of the system; its namespace is `<system>-production`. */
  readonly system: string;
  readonly services: readonly string[];
  /** By digest. */
  readonly image: string;
  readonly kubeconfig: string;
  readonly gateway: { readonly name: string; readonly namespace: string; readonly metrics?: string };
  readonly service: Partial<ServiceSpec>;
}

export const ENVIRONMENT = "production";
export const keyIn = (system: string): string => `${system}/${ENVIRONMENT}`;
export const namespaceIn = (system: string): string => `${system}-${ENVIRONMENT}`;

/** One version of a system on a cluster: its label is in each service's environment, so none equals another. */
export function clusterVersion(options: ClusterVersion): Version {
  const { label, system, image, kubeconfig, gateway } = options;
  const { environment, ...service } = options.service;
  const one: ServiceSpec = {
    image,
    port: 8080,
    replicas: 2,
    // On a machine that is busy with the benchmark itself, an answer now and then takes longer than a second.
    probes: { readiness: { http: "/ready", period: "1s", timeout: "1s", failures: 5 }, liveness: false },
    stopGrace: "10s",
    guards: [{ signal: "errors", above: "5%", for: "1s", minSamples: 10 }],
    // What is measured here are switches, and a comparison would wait for minutes before each.
    analysis: false,
    onTooLittleData: "continue",
    readyDeadline: "2m",
    ...service,
    environment: { LABEL: label, ...environment },
  };
  const authored: SystemSpec = {
    name: system,
    // On a machine, which the spec has beside the cluster, no two listen at one port.
    services: Object.fromEntries(options.services.map((name, index) => [name, { ...one, port: 8080 + index }])),
    environments: { [ENVIRONMENT]: { target: "kubernetes", kubernetes: { kubeconfig, gateway } } },
  };
  const compiled = compile(authored);
  const found = compiled.system?.environments[ENVIRONMENT];
  if (compiled.digest === undefined || found === undefined)
    throw new Error(`the spec is not valid: ${JSON.stringify(compiled.problems)}`);
  const content = { version: label, commit: null, dirty: false, artefacts: {}, spec: compiled.digest };
  const release: Release = { digest: digestOf(content), label, ...content };
  return { release, environment: found };
}
