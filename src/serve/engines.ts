import { environmentInForce } from "../core/deployment/desired.js";
import type { EnvironmentKey } from "../core/model/intent.js";
import type { EnvironmentState } from "../core/model/state.js";
import type { SignalSource, Target } from "../ports/target.js";
import type { CompiledKubernetes } from "../spec/compiled-cluster.js";

export type Engines = Target & SignalSource;

export interface EngineChoice {
  readonly host: Engines;
  readonly kubernetes: Engines;
  /** What the ledger says of an environment; null: nothing yet. */
  readonly stateOf: (environment: EnvironmentKey) => EnvironmentState | null;
}

/** One target in front of several: each environment is asked of the engine that its revision names. */
export function chooseEngine({ host, kubernetes, stateOf }: EngineChoice): Engines {
  const of = (environment: EnvironmentKey): Engines => (settingsIn(stateOf(environment)) === null ? host : kubernetes);
  return {
    observe: (environment) => of(environment).observe(environment),
    apply: (environment, application) =>
      (application.intent.kubernetes === undefined ? of(environment) : kubernetes).apply(environment, application),
    logs: (environment, query, signal) => of(environment).logs(environment, query, signal),
    read: (environment, cursor) => of(environment).read(environment, cursor),
  };
}

/** How the cluster of an environment is reached; null: it runs on this machine, or nowhere. */
export function settingsIn(state: EnvironmentState | null): CompiledKubernetes | null {
  return state === null ? null : (environmentInForce(state)?.kubernetes ?? null);
}
