import type { CompiledEnvironment, CompiledService } from "../spec/compiled.js";
import type { Remark } from "./plan.js";

/**
 * Secrets that an environment names and that have no value there, a warning each. One that is generated gets its value
 * by itself. `hasValue` says of a name whether there is one. Pure.
 */
export function missingSecrets(
  { environment, desired }: { readonly environment: string; readonly desired: CompiledEnvironment },
  hasValue: (secret: string) => boolean,
): readonly Remark[] {
  const users = new Map<string, Set<string>>();
  for (const service of Object.values(desired.services))
    for (const secret of secretsOf(service, desired.resources))
      users.set(secret, (users.get(secret) ?? new Set()).add(service.name));
  return [...users]
    .filter(([secret]) => !hasValue(secret))
    .map(([secret, services]) => ({
      code: "secret-missing",
      sentence: `the secret ${secret} has no value in ${environment}; ${[...services].join(", ")} cannot do without it`,
      hint: `windlass secret set ${secret} ${desired.name}`,
    }));
}

function secretsOf(service: CompiledService, resources: CompiledEnvironment["resources"]): readonly string[] {
  const values = Object.values(service.environment).flatMap((value) =>
    value.kind === "secret" && !value.generate ? [value.name] : [],
  );
  const urls = service.uses.flatMap(({ resource }) => {
    const source = resources[resource]?.source;
    return source?.kind === "external" ? [source.urlSecret] : [];
  });
  const tokens = (service.analysis?.signals ?? []).flatMap(({ source }) =>
    "token" in source && source.token !== null ? [source.token] : [],
  );
  return [...values, ...urls, ...tokens];
}
