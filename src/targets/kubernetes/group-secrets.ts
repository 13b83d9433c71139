import type { EnvironmentKey, GroupId, Intent, ServiceName } from "../../core/model/intent.js";
import { WindlassError } from "../../error.js";

/** Where values of secrets are; the same for every target. */
export interface SecretStore {
  /** Throws a WindlassError that names a secret without a value. A generated one is made at its first use. */
  value(environment: EnvironmentKey, name: string, generate: boolean): string;
  /** Takes values out of texts that become events. */
  conceal(environment: EnvironmentKey, urls: () => readonly string[]): (text: string) => string;
}

export interface GroupSecrets {
  readonly values: ReadonlyMap<string, Readonly<Record<string, string>>>;
  /** Groups that cannot run because a value is missing, and the sentence for it. */
  readonly missing: ReadonlyMap<string, string>;
}

export const groupKey = (service: ServiceName, group: GroupId): string => `${service}\n${group}`;

/** Values by variable for each group of an intent. `written`: its Secret is in the cluster already, and stays as it is. */
export function groupSecrets(
  environment: EnvironmentKey,
  intent: Intent,
  store: SecretStore,
  written: (service: ServiceName, group: GroupId) => boolean,
): GroupSecrets {
  const values = new Map<string, Readonly<Record<string, string>>>();
  const missing = new Map<string, string>();
  for (const [service, { groups }] of Object.entries(intent.services))
    for (const [group, { workload }] of Object.entries(groups)) {
      const named = Object.entries(workload.environment).flatMap(([variable, value]) =>
        value.kind === "secret" ? [{ variable, name: value.name, generate: value.generate }] : [],
      );
      for (const { resource, variable } of workload.uses) {
        const source = intent.resources[resource]?.source;
        if (source?.kind === "external") named.push({ variable, name: source.urlSecret, generate: false });
      }
      const found: Record<string, string> = {};
      for (const { variable, name, generate } of named)
        try {
          found[variable] = store.value(environment, name, generate);
        } catch (error) {
          if (!(error instanceof WindlassError)) throw error;
          if (!written(service, group))
            missing.set(
              groupKey(service, group),
              error.hint === undefined ? error.message : `${error.message}. ${error.hint}`,
            );
          found[variable] = "";
        }
      values.set(groupKey(service, group), found);
    }
  return { values, missing };
}

/** The intent without the groups that cannot run yet, so that nothing half is sent. */
export function withoutMissing(intent: Intent, missing: ReadonlyMap<string, string>): Intent {
  if (missing.size === 0) return intent;
  const services = Object.fromEntries(
    Object.entries(intent.services).map(([name, service]) => {
      const groups = Object.entries(service.groups).filter(([id]) => !missing.has(groupKey(name, id)));
      return [name, { ...service, groups: Object.fromEntries(groups) }];
    }),
  );
  return { ...intent, services };
}
