import { readFile } from "node:fs/promises";
import path from "node:path";
import type { CompiledEnvironment, CompiledSystem } from "../spec/compiled.js";
import type { CompiledKubernetes } from "../spec/compiled-cluster.js";
import type { Environment } from "./home.js";

/** Null: there is no such file, or it cannot be read; who connects will say why. */
export type ReadText = (file: string) => Promise<string | null>;

/**
 * Clusters of the spec that are reached by this shell's KUBECONFIG, or by whatever context is the current one, are so by
 * name from here on. The control plane has an environment of its own and may be started from elsewhere tomorrow, and
 * `kubectl config use-context` must not move a deployment into another cluster.
 */
export async function namingCluster(
  system: CompiledSystem,
  env: Environment,
  read: ReadText = readIfThere,
): Promise<CompiledSystem> {
  if (Object.values(system.environments).every(({ kubernetes }) => kubernetes === undefined)) return system;
  const files = filesIn(env.KUBECONFIG ?? "");
  const kubeconfig = files.length === 0 ? null : files.map((file) => path.resolve(file)).join(path.delimiter);
  const named = async (settings: CompiledKubernetes): Promise<CompiledKubernetes> => {
    const chosen = settings.kubeconfig ?? kubeconfig;
    const home = env.HOME === undefined ? [] : [path.join(env.HOME, ".kube", "config")];
    const context = settings.context ?? (await currentContext(chosen === null ? home : filesIn(chosen), read));
    return { ...settings, kubeconfig: chosen, context };
  };
  const environments = await Promise.all(
    Object.entries(system.environments).map(
      async ([name, one]): Promise<[string, CompiledEnvironment]> =>
        one.kubernetes === undefined ? [name, one] : [name, { ...one, kubernetes: await named(one.kubernetes) }],
    ),
  );
  return { ...system, environments: Object.fromEntries(environments) };
}

const filesIn = (list: string): readonly string[] => list.split(path.delimiter).filter((file) => file !== "");

/** As kubectl merges: the first file that says one. Null: none does, and a pod's own service account may be meant. */
async function currentContext(files: readonly string[], read: ReadText): Promise<string | null> {
  for (const file of files) {
    const text = await read(file);
    const context = text === null ? undefined : await contextIn(text);
    if (typeof context === "string" && context !== "") return context;
  }
  return null;
}

async function contextIn(text: string): Promise<unknown> {
  // Only who has a cluster pays for it.
  const { parse } = await import("yaml");
  try {
    return (parse(text) as { "current-context"?: unknown } | null)?.["current-context"];
  } catch {
    // Who connects reads the same file, and says what is wrong with it.
    return undefined;
  }
}

async function readIfThere(file: string): Promise<string | null> {
  try {
    return await readFile(file, "utf8");
  } catch {
    // Who connects says so, with the reason.
    return null;
  }
}
