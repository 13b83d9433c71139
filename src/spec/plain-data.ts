import { type Path, type Problem, problem } from "./problem.js";

/** What keeps a value from being a spec at all: cycles, functions, dates, NaN. Empty when it is plain data. */
export function plainDataProblems(value: unknown): Problem[] {
  const problems: Problem[] = [];
  visit(value, [], new Map(), problems);
  return problems;
}

function visit(value: unknown, path: Path, above: Map<object, Path>, problems: Problem[]): void {
  if (typeof value === "number" && !Number.isFinite(value))
    problems.push(problem("spec-wrong-value", path, `${value} is not a number that a spec can hold`));
  if (["function", "symbol", "bigint"].includes(typeof value))
    problems.push(
      problem("spec-wrong-type", path, `a ${typeof value} cannot be part of a spec`, "a spec is plain data"),
    );
  if (typeof value !== "object" || value === null) return;

  const first = above.get(value);
  if (first !== undefined) {
    const where = first.length === 0 ? "the whole spec" : `"${first.join(".")}"`;
    problems.push(
      problem("spec-cyclic", path, `contains ${where} again, without end`, "a spec is a tree: copy the part"),
    );
    return;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  const isPlain = prototype === null || Object.getPrototypeOf(prototype) === null;
  if (!Array.isArray(value) && !isPlain) {
    const name = (value as object).constructor?.name ?? "class instance";
    problems.push(problem("spec-wrong-type", path, `a ${name} cannot be part of a spec`, "a spec is plain data"));
    return;
  }
  above.set(value, path);
  for (const [key, member] of Object.entries(value)) {
    const here = [...path, Array.isArray(value) ? Number(key) : key];
    if (key === "__proto__") problems.push(problem("spec-unknown-key", here, 'unknown key "__proto__"'));
    else visit(member, here, above, problems);
  }
  above.delete(value);
}
