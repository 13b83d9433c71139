import type { CompiledEnvironment } from "../../spec/compiled.js";
import type { RevisionId, Workload } from "./intent.js";
import { podShapeOf } from "./pod-shape.js";

/** An immutable set of what is delivered. `digest` is its identity, `label` its name for people. */
export interface Release {
  readonly digest: string;
  /** `<version>-<commit>`, with `-dirty` when the working tree was. */
  readonly label: string;
  readonly version: string;
  readonly commit: string | null;
  readonly dirty: boolean;
  /** Archive digest per service that has a source. */
  readonly artefacts: Readonly<Record<string, string>>;
  /** Image by digest per service that runs as a container, `<repository>@sha256:<hex>` or an Engine's `sha256:<hex>`. */
  readonly images?: Readonly<Record<string, string>>;
  /** Digest of the compiled system, all environments. */
  readonly spec: string;
}

/** A release with the configuration of one environment: what runs, and what a rollback goes back to. */
export interface Revision {
  /** `r1`, `r2`, … in the order of the environment. */
  readonly id: RevisionId;
  /** SHA-256 of release and environment together: the same content is the same revision. */
  readonly digest: string;
  readonly release: Release;
  readonly environment: CompiledEnvironment;
  /** How often each secret that it uses had been set by then; absent or empty: as at the first deployment. */
  readonly configuration?: Readonly<Record<string, number>>;
  /** Digest of each service's workload, the versions of its secrets included. */
  readonly workloads: Readonly<Record<string, string>>;
}

/** What one replica of `service` needs in this release and environment. */
export function workloadOf(release: Release, environment: CompiledEnvironment, service: string): Workload {
  const spec = environment.services[service];
  if (spec === undefined) throw new RangeError(`no service ${service}`);
  // The image that was built holds the files and the command.
  const image = release.images?.[service];
  const argv = spec.run.kind === "image" ? spec.run.argv : null;
  return {
    run: image === undefined ? spec.run : { kind: "image", image, argv },
    artefact: image === undefined ? (release.artefacts[service] ?? null) : null,
    environment: spec.environment,
    probes: spec.probes,
    hasPort: spec.listen !== null,
    cpu: spec.cpu,
    memoryBytes: spec.memoryBytes,
    stopGraceMs: spec.stopGraceMs,
    uses: spec.uses,
    ...(environment.target === "kubernetes" && { pod: podShapeOf(spec) }),
  };
}
