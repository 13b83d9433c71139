import { existsSync, statSync } from "node:fs";
import path from "node:path";
import { WindlassError } from "../../error.js";

export const SPEC_FILES = ["windlass.system.ts", "windlass.system.yaml", "windlass.system.yml"] as const;

/**
 * The spec of a directory: its own, or the one of the nearest directory above, up to the root of the repository.
 * `start` may be the file itself. Throws `spec-not-found` and `spec-ambiguous`.
 */
export function findSpec(start: string): string {
  const from = path.resolve(start);
  if (statSync(from, { throwIfNoEntry: false })?.isFile() === true) return from;
  if (!existsSync(from)) throw new WindlassError("spec-not-found", `There is no ${from}.`);
  for (let directory = from; ; directory = path.dirname(directory)) {
    const found = SPEC_FILES.filter((name) => existsSync(path.join(directory, name)));
    if (found.length > 1)
      throw new WindlassError("spec-ambiguous", `${directory} has more than one spec: ${found.join(", ")}.`, {
        hint: "Keep one of them.",
      });
    if (found[0] !== undefined) return path.join(directory, found[0]);
    if (existsSync(path.join(directory, ".git")) || path.dirname(directory) === directory) break;
  }
  throw new WindlassError("spec-not-found", `There is no windlass.system.ts or .yaml in ${from} or above it.`, {
    hint: "Write one with: windlass init",
  });
}
