import { readFile } from "node:fs/promises";
import path from "node:path";
import type { Release } from "../../core/model/revision.js";
import { WindlassError } from "../../error.js";
import type { CompiledEnvironment } from "../../spec/compiled.js";
import { digestOf } from "../../spec/digest.js";
import type { LoadedSpec } from "../spec.js";
import { commitOf } from "./git.js";
import { type PackedSources, packSources } from "./sources.js";

export interface BuiltRelease {
  readonly release: Release;
  readonly packed: PackedSources;
}

/** Packs the sources of an environment and names the result. The caller removes `packed` in the end. */
export async function buildRelease(
  spec: LoadedSpec,
  environment: CompiledEnvironment,
  asked: string | undefined,
): Promise<BuiltRelease> {
  const version = asked ?? (await versionBeside(spec.directory));
  if (!/^[0-9A-Za-z][0-9A-Za-z.+_-]{0,63}$/.test(version))
    throw new WindlassError("cli-version", `"${version}" is not a version.`, {
      hint: "Letters, digits and . + _ - only, at most 64: --version 1.4.2",
    });
  const directories = Object.values(environment.services).flatMap((service) => service.source?.directory ?? []);
  const paths = [...new Set([".", ...directories])];
  const packed = await packSources(spec.directory, environment);
  const { commit, dirty } = await commitOf(spec.directory, paths);
  const label = [version, ...(commit === null ? [] : [commit.slice(0, 7)]), ...(dirty ? ["dirty"] : [])].join("-");
  const content = { version, commit, dirty, artefacts: packed.artefacts, spec: spec.digest };
  return { release: { digest: digestOf(content), label, ...content }, packed };
}

/** The version in the package.json beside the spec; `0.0.0` without one. */
async function versionBeside(directory: string): Promise<string> {
  const file = path.join(directory, "package.json");
  try {
    const { version } = JSON.parse(await readFile(file, "utf8")) as { version?: unknown };
    return typeof version === "string" ? version : "0.0.0";
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return "0.0.0";
    throw new WindlassError("cli-package", `${file} cannot be read.`, { hint: "Or give --version.", cause });
  }
}
