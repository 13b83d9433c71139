import { existsSync, realpathSync } from "node:fs";
import { register } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import { tsImport } from "tsx/esm/api";
import { type Problem, problem } from "../../spec/problem.js";
import { type Position, positionAt, START } from "./position.js";

export type Imported = { readonly authored: unknown } | { readonly problem: Problem & Position };

/** Runs a user's TypeScript spec, in this process and nowhere else, and takes what it exports. */
export async function importTypescript(file: string, text: string): Promise<Imported> {
  resolveWindlass();
  let module: Record<string, unknown>;
  // Only Node's own way of printing a stack knows the source maps; a test runner, for one, has another.
  const stacks: { prepareStackTrace?: unknown } = Error;
  const { prepareStackTrace } = stacks;
  stacks.prepareStackTrace = undefined;
  try {
    module = await inTime(tsImport(pathToFileURL(file).href, { parentURL: import.meta.url, tsconfig: false }));
  } catch (cause) {
    return { problem: whatWentWrong(cause, file, text) };
  } finally {
    stacks.prepareStackTrace = prepareStackTrace;
  }
  const authored = module.default ?? module.system;
  if (authored !== undefined) return { authored };
  const message = "the spec exports no system";
  return { problem: { ...problem("spec-no-export", [], message, "export default defineSystem({ … })"), ...START } };
}

const DEADLINE_MS = 30_000;

/** A spec that awaits something for ever would end the process without a word. */
async function inTime(loading: Promise<Record<string, unknown>>): Promise<Record<string, unknown>> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing was exported within ${DEADLINE_MS / 1000} s`)), DEADLINE_MS);
  });
  try {
    return await Promise.race([loading, late]);
  } finally {
    clearTimeout(timer);
  }
}

let isResolved = false;

/**
 * A spec imports "windlass" also where nothing is installed: it gets this very package. And it is a module also
 * where no package.json says so; only modules have the positions of their errors on Node 20.
 */
function resolveWindlass(): void {
  if (isResolved) return;
  isResolved = true;
  const built = new URL("../../index.js", import.meta.url);
  const target = existsSync(fileURLToPath(built)) ? built : new URL("../../index.ts", import.meta.url);
  const hook = `export async function resolve(specifier, context, next) {
    const found = await next(specifier === "windlass" ? ${JSON.stringify(target.href)} : specifier, context);
    const isSpec = /\\.ts(\\?|$)/.test(found.url) && !found.url.includes("/node_modules/");
    return isSpec ? { ...found, format: "module" } : found;
  }`;
  register(`data:text/javascript,${encodeURIComponent(hook)}`);
}

function whatWentWrong(cause: unknown, file: string, text: string): Problem & Position {
  const error = cause instanceof Error ? cause : new Error(`threw ${String(cause)}, which is not an Error`);
  const stack = error.stack ?? "";
  // A stack shows the real path; on macOS the temporary directory, for one, is a link.
  const frame = [file, realpathSync(file)]
    .flatMap((name) => stack.split(name).slice(1))
    .find((part) => /^:\d+/.test(part));
  const [, line, column] = /^:(\d+)(?::(\d+))?/.exec(frame ?? "") ?? [];
  const at: Position = line === undefined ? START : { line: Number(line), column: Number(column ?? 1) };

  const syntax = /: ERROR: (.*)/.exec(error.message)?.[1];
  if (syntax !== undefined) return { ...problem("spec-syntax", [], syntax), ...at };
  const missing = /Cannot find (?:package|module) '([^']+)'/.exec(error.message)?.[1];
  if (missing !== undefined)
    return { ...problem("spec-import", [], `cannot find "${missing}", which is imported`), ...importOf(missing, text) };
  if (error instanceof SyntaxError || error.name === "SyntaxError")
    return { ...problem("spec-import", [], error.message), ...at };
  return { ...problem("spec-threw", [], `the spec threw while it was loaded: ${error.message}`), ...at };
}

/** The quoted name in an import that ends like what was not found. */
function importOf(missing: string, text: string): Position {
  const last = missing.split("/").at(-1) ?? missing;
  for (const match of text.matchAll(/\b(?:from|import)\s*\(?\s*["']([^"']+)["']/g))
    if (match[1]?.split("/").at(-1) === last || match[1] === missing) return positionAt(text, match.index);
  return START;
}
