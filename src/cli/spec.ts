import { WindlassError } from "../error.js";
import type { CompiledEnvironment, CompiledSystem } from "../spec/compiled.js";
import { suggestion } from "../spec/problem.js";
import type { Cli } from "./context.js";
import { namingCluster } from "./kubeconfig.js";
import { remark } from "./output.js";
import { plural } from "./render/text.js";
import { recall, recallAny, remember, type SpecIdentity, specFile } from "./spec-identity.js";

export interface LoadedSpec {
  readonly file: string;
  readonly directory: string;
  readonly system: CompiledSystem;
  readonly digest: string;
}

/** The spec of the working directory. Throws `spec-invalid` with every problem, `spec-not-found`, `spec-ambiguous`. */
export async function loadSpec(cli: Cli): Promise<LoadedSpec> {
  const { loadSystem } = await import("./load/load.js");
  const loaded = await loadSystem(cli.cwd);
  if (loaded.system === undefined) {
    const { formatProblems } = await import("./load/position.js");
    const count = plural(loaded.problems.length, "problem");
    throw new WindlassError("spec-invalid", `The spec has ${count}.`, {
      hint: formatProblems(loaded.problems, cli.cwd),
      facts: { problems: loaded.problems },
    });
  }
  const { file, directory, system, digest } = loaded;
  remember(cli.config, file, { system: system.name, environments: Object.keys(system.environments) });
  return { file, directory, system: await namingCluster(system, cli.env), digest };
}

/** Which system the working directory belongs to; null when it has no spec. */
export async function identify(cli: Cli): Promise<SpecIdentity | null> {
  const file = specFile(cli.cwd);
  if (file === null) return null;
  const known = recall(cli.config, file);
  if (known !== null) return known;
  try {
    const { system } = await loadSpec(cli);
    return { system: system.name, environments: Object.keys(system.environments) };
  } catch (error) {
    // Who rolls back in an emergency may be in the middle of an edit: the name is what it was.
    const before = recallAny(cli.config, file);
    if (before === null || !(error instanceof WindlassError)) throw error;
    remark(cli, `The spec cannot be read now (\`windlass check\` says why); it was the system ${before.system}.`);
    return before;
  }
}

/** An environment of the spec by name or key; without one, the only one, or `preferred`. */
export function environmentOf(
  spec: LoadedSpec,
  asked: string | undefined,
  preferred: string | null = null,
): CompiledEnvironment {
  const names = Object.keys(spec.system.environments);
  const only = names.length === 1 ? names[0] : undefined;
  const wanted = asked ?? (preferred !== null && names.includes(preferred) ? preferred : only);
  if (wanted === undefined)
    throw new WindlassError("cli-environment-needed", "Which environment?", { hint: `Name one: ${names.join(", ")}.` });
  const prefix = `${spec.system.name}/`;
  const name = wanted.startsWith(prefix) ? wanted.slice(prefix.length) : wanted;
  const environment = spec.system.environments[name];
  if (environment === undefined)
    throw new WindlassError("environment-unknown", `${spec.system.name} has no environment ${name}.`, {
      hint: suggestion(name, names),
    });
  return environment;
}
