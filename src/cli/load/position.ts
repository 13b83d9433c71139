import path from "node:path";
import type { Path, Problem } from "../../spec/problem.js";

/** Counted from 1, as editors do. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Where a path of the spec is written; the nearest place around it when it is not written itself. */
export type Locate = (path: Path) => Position;

export interface LocatedProblem extends Problem, Position {
  /** Absolute. */
  readonly file: string;
}

export const START: Position = { line: 1, column: 1 };

/** The position of an offset in characters. */
export function positionAt(text: string, offset: number): Position {
  const before = text.slice(0, Math.max(0, offset)).split("\n");
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}

/** One line per problem in the order of the file, `file:line:column  what; hint  [code]`; `from` shortens the file. */
export function formatProblems(problems: readonly LocatedProblem[], from: string = process.cwd()): string {
  return [...problems]
    .sort((a, b) => a.file.localeCompare(b.file) || a.line - b.line || a.column - b.column)
    .map((one) => {
      const file = path.relative(from, one.file);
      const where = `${file.startsWith("..") ? one.file : file}:${one.line}:${one.column}`;
      const environments = one.environments === undefined ? "" : ` (in ${one.environments.join(", ")})`;
      const hint = one.hint === undefined ? "" : `; ${one.hint}`;
      return `${where}  ${one.message}${environments}${hint}  [${one.code}]`;
    })
    .join("\n");
}
