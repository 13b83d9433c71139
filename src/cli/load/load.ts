import { readFile } from "node:fs/promises";
import path from "node:path";
import { WindlassError } from "../../error.js";
import { compile } from "../../spec/compile/compile.js";
import type { CompiledSystem } from "../../spec/compiled.js";
import type { Problem } from "../../spec/problem.js";
import { findSpec } from "./find.js";
import { type Locate, type LocatedProblem, type Position, START } from "./position.js";
import { importTypescript } from "./typescript.js";
import { typescriptPositions } from "./typescript-positions.js";
import { readYaml, type Source } from "./yaml.js";

interface Loaded {
  /** The spec's file, absolute. Paths in the spec are relative to `directory`. */
  readonly file: string;
  readonly directory: string;
  /** What the user wrote; undefined when it could not be read. */
  readonly authored: unknown;
  readonly locate: Locate;
}

/** Either a system with its digest, or every problem with its place. */
export type LoadResult = Loaded &
  (
    | { readonly system: CompiledSystem; readonly digest: string; readonly problems: readonly [] }
    | { readonly system: undefined; readonly digest: undefined; readonly problems: readonly LocatedProblem[] }
  );

/**
 * Finds, runs or reads, and compiles the spec of a directory (or a spec file itself). A user's TypeScript runs only
 * here. What is wrong with the spec is in `problems`; throws only when there is no file to read (`spec-not-found`,
 * `spec-ambiguous`, `spec-unreadable`).
 */
export async function loadSystem(directory: string): Promise<LoadResult> {
  const file = findSpec(directory);
  const text = await read(file);
  const source = /\.ya?ml$/.test(file) ? readYaml(text) : await readTypescript(file, text);
  const { authored, locate } = source;
  const loaded: Loaded = { file, directory: path.dirname(file), authored, locate };
  const failed = (problems: readonly (Problem & Position)[]): LoadResult => ({
    ...loaded,
    system: undefined,
    digest: undefined,
    problems: problems.map((one) => ({ ...one, file })),
  });
  if (source.problems.length > 0) return failed(source.problems);
  const result = compile(authored);
  if (result.problems !== undefined) return failed(result.problems.map((one) => ({ ...one, ...locate(one.path) })));
  return { ...loaded, system: result.system, digest: result.digest, problems: [] };
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw new WindlassError("spec-unreadable", `${file} cannot be read.`, {
      hint: "Check that it is a file and that you may read it.",
      cause,
    });
  }
}

async function readTypescript(file: string, text: string): Promise<Source> {
  const imported = await importTypescript(file, text);
  if ("problem" in imported) return { authored: undefined, locate: () => START, problems: [imported.problem] };
  return { authored: imported.authored, locate: typescriptPositions(text), problems: [] };
}
