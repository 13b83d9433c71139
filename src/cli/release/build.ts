import { readFile } from "node:fs/promises";
import path from "node:path";
import type { Release } from "../../core/model/revision.js";
import { WindlassError } from "../../error.js";
import type { CompiledEnvironment } from "../../spec/compiled.js";
import { digestOf } from "../../spec/digest.js";
import type { LoadedSpec } from "../spec.js";
import { commitOf } from "./git.js";
import { type Images, type ImageWorld, makeImages } from "./images.js";
import { type PackedSources, packSources } from "./sources.js";

export interface BuiltRelease {
  /** As far as is known before images are pushed: an image that a Dockerfile made may get its digest by that. */
  readonly release: Release;
  readonly packed: PackedSources;
  readonly images: Images;
  /** Puts the images where they are run from; the release as it is delivered. */
  publish(): Promise<Release>;
}

/**
 * Packs the sources of an environment, makes its images and names the result; nothing leaves this machine. The caller
 * removes `packed` in the end, and with it what images were made from.
 */
export async function buildRelease(
  spec: LoadedSpec,
  environment: CompiledEnvironment,
  asked: string | undefined,
  world: ImageWorld,
): Promise<BuiltRelease> {
  const version = asked ?? (await versionBeside(spec.directory));
  if (!/^[0-9A-Za-z][0-9A-Za-z.+_-]{0,63}$/.test(version))
    throw new WindlassError("cli-version", `"${version}" is not a version.`, {
      hint: "Letters, digits and . + _ - only, at most 64: --version 1.4.2",
    });
  const directories = Object.values(environment.services).flatMap(({ source, build }) => [
    ...(source === null ? [] : [source.directory]),
    ...(build?.kind === "dockerfile" ? [build.context, build.file] : []),
  ]);
  const paths = [...new Set([".", ...directories])];
  const packed = await packSources(spec.directory, environment);
  try {
    const { commit, dirty } = await commitOf(spec.directory, paths);
    const label = [version, ...(commit === null ? [] : [commit.slice(0, 7)]), ...(dirty ? ["dirty"] : [])].join("-");
    const request = { directory: spec.directory, system: spec.system.name, environment, packed, label };
    const images = await makeImages(request, world);
    const remove = async () => {
      await images.remove();
      await packed.remove();
    };
    const content = { version, commit, dirty, artefacts: packed.artefacts, spec: spec.digest };
    return {
      release: named(label, content, images.references),
      packed: { ...packed, remove },
      images,
      publish: async () => named(label, content, await images.publish()),
    };
  } catch (error) {
    await packed.remove();
    throw error;
  }
}

/** A release without images is named as it always was. */
function named(
  label: string,
  content: Omit<Release, "digest" | "label" | "images">,
  images: Images["references"],
): Release {
  const whole = Object.keys(images).length === 0 ? content : { ...content, images };
  return { digest: digestOf(whole), label, ...whole };
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
