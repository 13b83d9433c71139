import type { CompiledEnvironment } from "../../spec/compiled.js";
import { digestOf } from "../../spec/digest.js";
import type { RevisionId } from "../model/intent.js";
import { type Release, type Revision, workloadOf } from "../model/revision.js";

/** How often each secret was set since the environment's first deployment. Values are known to the target alone. */
export type Configuration = Readonly<Record<string, number>>;

/**
 * The revision that a release is in an environment with this configuration. The same content has the same digest; a
 * secret that was set anew makes another one, so that a deployment of the same release starts new replicas.
 */
export function revisionOf(
  id: RevisionId,
  release: Release,
  environment: CompiledEnvironment,
  all: Configuration,
): Revision {
  const workloads: Record<string, string> = {};
  const configuration: Record<string, number> = {};
  for (const service of Object.keys(environment.services)) {
    const used = versionsOf(environment, service, all);
    Object.assign(configuration, used);
    const workload = workloadOf(release, environment, service);
    workloads[service] = digestOf(Object.keys(used).length === 0 ? workload : { ...workload, configuration: used });
  }
  const configured = Object.keys(configuration).length === 0 ? {} : { configuration };
  const digest = digestOf({ release: release.digest, environment, ...configured });
  return { id, digest, release, environment, workloads, ...configured };
}

/** The versions of the secrets that a service gets, itself or in the URL of a resource; unchanged ones are left out. */
export function versionsOf(environment: CompiledEnvironment, service: string, all: Configuration): Configuration {
  const spec = environment.services[service];
  const names = Object.values(spec?.environment ?? {}).flatMap((value) =>
    value.kind === "secret" ? [value.name] : [],
  );
  for (const { resource } of spec?.uses ?? []) {
    const source = environment.resources[resource]?.source;
    if (source?.kind === "external") names.push(source.urlSecret);
  }
  return Object.fromEntries(names.flatMap((name) => (all[name] === undefined ? [] : [[name, all[name]]])));
}
