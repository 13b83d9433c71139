import type { z } from "zod";
import type { $ZodIssue, $ZodRawIssue } from "zod/v4/core";
import { type Path, type Problem, problem, suggestion } from "./problem.js";

/** Every way in which `value` does not fit `schema`, in our words. Messages are "what\nhint" until they get here. */
export function validate(schema: z.ZodType, value: unknown, at: Path = []): Problem[] {
  const result = schema.safeParse(value, { error: say, reportInput: true });
  return result.success ? [] : result.error.issues.flatMap((issue) => problemsOf(issue, at));
}

/** Only raw issues know the schema that raised them; an unknown key's message carries the known ones. */
function say(issue: $ZodRawIssue): string | undefined {
  switch (issue.code) {
    case "unrecognized_keys": {
      const shape = (issue.inst as unknown as { _zod: { def: { shape: object } } } | undefined)?._zod.def.shape;
      return Object.keys(shape ?? {}).join("\n");
    }
    case "invalid_type":
      return `expected ${typeName(issue.expected)}, not ${kindOf(issue.input)}`;
    case "invalid_value":
      return choice(issue.values as readonly unknown[], issue.input);
    case "too_small":
      return issue.origin === "array" || issue.origin === "string"
        ? "must not be empty"
        : `${String(issue.input)} is too small\nat least ${String(issue.minimum)}`;
    case "too_big":
      return `${String(issue.input)} is too big\nat most ${String(issue.maximum)}`;
    default:
      return undefined;
  }
}

function choice(values: readonly unknown[], input: unknown): string {
  const known = values.map((value) => (typeof value === "string" ? `"${value}"` : String(value)));
  if (typeof input !== "string") return `expected ${known.join(" or ")}, not ${kindOf(input)}`;
  const words = values.filter((value) => typeof value === "string");
  return `"${input}" is not ${known.join(", ")}\n${suggestion(input, words)}`;
}

function problemsOf(issue: $ZodIssue, at: Path): Problem[] {
  const path: Path = [...at, ...issue.path.filter((part) => typeof part !== "symbol")];
  if (issue.code === "unrecognized_keys") {
    const known = issue.message.split("\n");
    return issue.keys.map((key) =>
      problem("spec-unknown-key", [...path, key], `unknown key "${key}"`, suggestion(key, known)),
    );
  }
  if (issue.code === "invalid_union") return union(issue.errors, issue.input, path);
  if (issue.code === "invalid_key") return issue.issues.flatMap((inner) => problemsOf({ ...inner, path: [] }, path));
  if (issue.code === "invalid_type" && issue.input === undefined) return [missing(path)];
  const [message = "not valid", hint] = issue.message.split("\n");
  const code = issue.code === "invalid_type" ? "spec-wrong-type" : "spec-wrong-value";
  return [problem(code, path, message, hint)];
}

/** Of the forms that a value may have, the problems of the one that was probably meant. */
function union(branches: readonly (readonly $ZodIssue[])[], input: unknown, path: Path): Problem[] {
  const isObject = typeof input === "object" && input !== null;
  const ranked = branches
    .map((issues) => ({ issues, cost: issues.reduce((sum, issue) => sum + cost(issue, isObject), 0) }))
    .sort((a, b) => a.cost - b.cost);
  const best = ranked[0];
  if (best === undefined) return [problem("spec-wrong-value", path, "not valid")];
  const flat = branches.flat().filter((issue) => issue.path.length === 0);
  if (input === undefined) return [missing(path)];
  if (best.cost >= 1000) return [mismatch(flat, input, path)];
  const forms = ranked.filter(({ cost: total }) => total < 1000);
  const key = discriminator(forms.map(({ issues }) => issues));
  if (key !== null) return [wrongKind(key, branches, input, path)];
  return best.issues.flatMap((issue) => problemsOf(issue, path));
}

function missing(path: Path): Problem {
  return problem("spec-missing", path, `"${String(path.at(-1) ?? "")}" is missing`);
}

/** The field that says which form is meant (`kind`, `signal`), when it says none of them. */
function discriminator(forms: readonly (readonly $ZodIssue[])[]): string | null {
  const [first, ...others] = forms.map(
    (issues) => new Set(issues.filter(isWrongLiteral).map((issue) => String(issue.path[0]))),
  );
  const common = [...(first ?? [])].find((key) => others.every((keys) => keys.has(key)));
  return others.length === 0 ? null : (common ?? null);
}

function isWrongLiteral(issue: $ZodIssue): boolean {
  return issue.code === "invalid_value" && issue.path.length === 1;
}

function wrongKind(key: string, branches: readonly (readonly $ZodIssue[])[], input: unknown, path: Path): Problem {
  const given = (input as Record<string, unknown>)[key];
  const known = branches
    .flat()
    .flatMap((issue) =>
      issue.code === "invalid_value" && issue.path.length === 1 && issue.path[0] === key ? issue.values : [],
    );
  const [message = "", hint] = choice([...new Set(known)], given).split("\n");
  if (given !== undefined) return problem("spec-wrong-value", [...path, key], message, hint);
  return problem("spec-missing", [...path, key], `"${key}" is missing`, `one of ${known.join(", ")}`);
}

function cost(issue: $ZodIssue, isObject: boolean): number {
  if (issue.path.length === 0 && issue.code === "invalid_type") return 1000;
  if (issue.path.length === 0 && issue.code === "invalid_value") return isObject ? 1000 : 10;
  if (issue.code === "invalid_value" && issue.path.length === 1) return 100;
  if (issue.code === "unrecognized_keys") return 2 * issue.keys.length;
  if (issue.code === "invalid_type" && issue.input === undefined) return 3;
  return 1;
}

function mismatch(issues: readonly $ZodIssue[], input: unknown, path: Path): Problem {
  const hinted = issues.find((issue) => issue.code === "invalid_type" && issue.message.includes("\n"));
  if (hinted !== undefined && typeof input === "number") {
    const [message = "", hint] = hinted.message.split("\n");
    return problem("spec-wrong-type", path, message, hint);
  }
  const forms = issues.flatMap((issue) => {
    if (issue.code === "invalid_type") return [typeName(issue.expected)];
    if (issue.code === "invalid_value") return issue.values.map((value) => JSON.stringify(value));
    return [];
  });
  return problem("spec-wrong-type", path, `expected ${[...new Set(forms)].join(" or ")}, not ${kindOf(input)}`);
}

function typeName(expected: string): string {
  const names: Record<string, string> = {
    record: "an object",
    object: "an object",
    array: "a list",
    int: "a whole number",
  };
  return names[expected] ?? `a ${expected}`;
}

function kindOf(input: unknown): string {
  if (input === undefined) return "nothing";
  if (input === null) return "null";
  if (Array.isArray(input)) return "a list";
  if (typeof input === "object") return "an object";
  return typeof input === "number" || typeof input === "boolean" ? String(input) : `a ${typeof input}`;
}
