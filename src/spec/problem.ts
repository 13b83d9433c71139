import { nearest } from "./nearest.js";

export type Path = readonly (string | number)[];

/** One thing that is wrong with a spec. `path` leads to it in what the user wrote. */
export interface Problem {
  readonly path: Path;
  readonly message: string;
  /** What to do about it. */
  readonly hint?: string;
  /** Stable, kebab-case, `spec-…`. */
  readonly code: string;
  /** Set when it is wrong in some environments only. */
  readonly environments?: readonly string[];
}

export function problem(code: string, path: Path, message: string, hint?: string): Problem {
  return hint === undefined ? { code, path, message } : { code, path, message, hint };
}

/** `did you mean "replicas"?`, or what there is to choose from. */
export function suggestion(word: string, known: Iterable<string>): string {
  const all = [...known];
  const near = nearest(word, all);
  if (near !== null) return `did you mean "${near}"?`;
  if (all.length === 0) return "there is none";
  return `known: ${all.slice(0, 24).join(", ")}${all.length > 24 ? ", …" : ""}`;
}
