import path from "node:path";
import type { CompiledEnvironment, CompiledSystem } from "../spec/compiled.js";
import type { Environment } from "./home.js";

/**
 * Clusters of the spec that are reached by this shell's KUBECONFIG are so by name from here on: the control plane has an
 * environment of its own, may be started from elsewhere tomorrow, and must not go on in another cluster then.
 */
export function namingKubeconfig(system: CompiledSystem, env: Environment): CompiledSystem {
  const files = (env.KUBECONFIG ?? "").split(path.delimiter).filter((file) => file !== "");
  if (files.length === 0) return system;
  const kubeconfig = files.map((file) => path.resolve(file)).join(path.delimiter);
  const named = (environment: CompiledEnvironment): CompiledEnvironment =>
    environment.kubernetes?.kubeconfig === null
      ? { ...environment, kubernetes: { ...environment.kubernetes, kubeconfig } }
      : environment;
  const environments = Object.entries(system.environments).map(([name, one]) => [name, named(one)] as const);
  return { ...system, environments: Object.fromEntries(environments) };
}
