import type { Readable } from "node:stream";
import { WindlassError } from "../error.js";
import type { DockerEngine } from "./engine.js";
import type { OnProgress, RegistryAuth } from "./images.js";
import { progressOf } from "./progress.js";

export interface EngineBuild {
  /** A tar of the context's files; the Dockerfile is one of them. */
  readonly context: Readable;
  /** Path of the Dockerfile in the context. */
  readonly file: string;
  /** The stage to build; null: the last one. */
  readonly stage: string | null;
  readonly labels: Readonly<Record<string, string>>;
  /** For base images, by registry. */
  readonly auths: Readonly<Record<string, RegistryAuth>>;
  readonly report: OnProgress;
  readonly signal?: AbortSignal;
}

/** A step that prints nothing for so long is stuck. */
const SILENCE_MS = 30 * 60_000;
const LAST_LINES = 20;

/**
 * Builds a Dockerfile with the Engine's classic builder; resolves with the image's id, `sha256:<hex>`.
 * `docker-build-failed` with the Engine's message, and in the hint the last lines that the build printed.
 */
export async function buildImage(engine: DockerEngine, build: EngineBuild): Promise<string> {
  const source = await engine.stream("POST", "/build", {
    query: {
      dockerfile: build.file,
      target: build.stage ?? undefined,
      labels: JSON.stringify(build.labels),
      rm: true,
      forcerm: true,
      version: 1,
    },
    headers: { "X-Registry-Config": Buffer.from(JSON.stringify(build.auths)).toString("base64url") },
    body: build.context,
    deadlineMs: SILENCE_MS,
    silenceMs: SILENCE_MS,
    ...(build.signal === undefined ? {} : { signal: build.signal }),
  });
  let id: string | undefined;
  const last: string[] = [];
  try {
    for await (const line of progressOf(source, "docker-build-failed")) {
      id = line.aux?.ID ?? id;
      const text = line.stream?.trimEnd();
      if (text !== undefined && text !== "" && last.push(text) > LAST_LINES) last.shift();
      build.report(line);
    }
  } catch (error) {
    if (!(error instanceof WindlassError) || error.code !== "docker-build-failed") throw error;
    throw new WindlassError(error.code, error.message, {
      cause: error,
      ...(last.length === 0 ? {} : { hint: last.join("\n") }),
      ...(error.facts === undefined ? {} : { facts: error.facts }),
    });
  } finally {
    source.destroy();
  }
  if (id === undefined) throw new WindlassError("docker-build-failed", "the build ended without an image");
  return id;
}
