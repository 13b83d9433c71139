import type { CompiledEnvironment } from "../../spec/compiled.js";
import type { EnvironmentKey } from "../model/intent.js";
import type { Release } from "../model/revision.js";
import type { EnvironmentState, ServiceState } from "../model/state.js";
import { revisionOf } from "./configuration.js";
import { emptyEnvironment } from "./evolve.js";

const FIRST = "r1";

/** How an environment is once its first deployment has succeeded: one group a service, which has all requests. */
export function afterFirstDeployment(
  key: EnvironmentKey,
  release: Release,
  environment: CompiledEnvironment,
): EnvironmentState {
  const services = Object.values(environment.services).map(({ name, replicas, listen }): [string, ServiceState] => [
    name,
    {
      stable: FIRST,
      groups: { [FIRST]: { revision: FIRST, replicas, removeAt: null } },
      weights: listen === null ? {} : { [FIRST]: 100 },
      routed: null,
      rollout: null,
    },
  ]);
  const revisions = { [FIRST]: revisionOf(FIRST, release, environment, {}) };
  return { ...emptyEnvironment(key), revisions, services: Object.fromEntries(services), settled: [FIRST] };
}
