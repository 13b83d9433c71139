import type { CompiledEnvironment, CompiledSystem } from "../compiled.js";
import { digestOf } from "../digest.js";
import { layerEnvironments } from "../layers/environments.js";
import { isObject } from "../layers/trace.js";
import { plainDataProblems } from "../plain-data.js";
import { type Problem, problem } from "../problem.js";
import { system as systemSchema } from "../schema/system.js";
import { validate } from "../validate.js";
import { compileEnvironment } from "./environment.js";

export type CompileResult =
  | { readonly system: CompiledSystem; readonly digest: string; readonly problems?: undefined }
  | { readonly problems: readonly Problem[]; readonly system?: undefined; readonly digest?: undefined };

/**
 * Compiles what a user wrote (the argument of `defineSystem`, or the same from YAML): defaults in, environments
 * merged, quantities as numbers. Either the system with its digest, or every problem, each with the path to it in
 * what was written. Never throws for bad input.
 */
export function compile(authored: unknown): CompileResult {
  const impossible = plainDataProblems(authored);
  if (impossible.length > 0) return { problems: impossible };
  const problems = validate(systemSchema, authored);
  if (!isObject(authored)) return { problems };
  if (isObject(authored.services) && Object.keys(authored.services).length === 0)
    problems.push(problem("spec-empty", ["services"], "a system has at least one service"));

  const { layered, problems: layerProblems } = layerEnvironments(authored);
  problems.push(...layerProblems);
  const environments: Record<string, CompiledEnvironment> = {};
  const found: Found[] = [];
  for (const one of layered) {
    const compiled = compileEnvironment(one);
    environments[one.name] = compiled.environment;
    found.push(...compiled.problems.map((each) => ({ problem: each, environment: one.name })));
  }
  problems.push(...sharedNamespaces(Object.values(environments)));
  const all = distinct(problems, found, layered.length);
  if (all.length > 0) return { problems: all };
  const system: CompiledSystem = { schema: 1, name: authored.name as string, environments };
  return { system, digest: digestOf(system) };
}

/** Two environments in one namespace would each remove what the other one has there. */
function sharedNamespaces(environments: readonly CompiledEnvironment[]): Problem[] {
  const owners = new Map<string, string>();
  return environments.flatMap(({ name, kubernetes }) => {
    if (kubernetes === undefined) return [];
    const { kubeconfig, context, namespace } = kubernetes;
    const place = JSON.stringify([kubeconfig, context, namespace]);
    const owner = owners.get(place);
    owners.set(place, owner ?? name);
    if (owner === undefined) return [];
    const path = ["environments", name, "kubernetes", "namespace"];
    const hint = "give each its own, or leave namespace out";
    return [
      problem("spec-namespace-twice", path, `namespace "${namespace}" belongs to the environment ${owner}`, hint),
    ];
  });
}

interface Found {
  readonly problem: Problem;
  readonly environment: string;
}

/** A field that is missing was told by its own path already; what is merged knows only the path around it. */
function isSameElsewhere(one: Problem, other: Problem): boolean {
  const isAround = one.path.every((part, index) => part === other.path[index]);
  return one.code === other.code && one.message === other.message && isAround;
}

/** What is wrong in every environment is said once; what is wrong in some names them. */
function distinct(general: readonly Problem[], found: readonly Found[], environments: number): Problem[] {
  const key = (one: Problem) => JSON.stringify([one.code, one.path]);
  const merged = new Map<string, Problem>();
  for (const one of general) if (!merged.has(key(one))) merged.set(key(one), one);
  const said = new Set(merged.keys());
  const where = new Map<string, Set<string>>();
  for (const { problem: one, environment } of found) {
    if (said.has(key(one)) || general.some((other) => isSameElsewhere(one, other))) continue;
    if (!merged.has(key(one))) merged.set(key(one), one);
    where.set(key(one), (where.get(key(one)) ?? new Set()).add(environment));
  }
  return [...merged].map(([id, one]) => {
    const names = [...(where.get(id) ?? [])];
    const isTold = names.length === 0 || names.length === environments || one.path[0] === "environments";
    return isTold ? one : { ...one, environments: names };
  });
}
