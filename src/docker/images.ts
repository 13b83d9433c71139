import type { Readable } from "node:stream";
import type { DockerEngine } from "./engine.js";
import { type ProgressLine, progressOf } from "./progress.js";
import { isRefusal } from "./refusal.js";

export interface EngineImage {
  /** `sha256:<hex>` of its configuration. */
  readonly Id: string;
  readonly RepoTags: readonly string[] | null;
  /** `<repository>@sha256:<hex>`, where it was pushed to or pulled from. */
  readonly RepoDigests: readonly string[] | null;
  readonly Architecture: string;
  readonly Os: string;
  readonly Size: number;
  readonly Config: {
    readonly User?: string;
    readonly WorkingDir?: string;
    readonly Cmd?: readonly string[] | null;
    readonly Entrypoint?: readonly string[] | null;
    readonly Env?: readonly string[] | null;
    readonly Labels?: Readonly<Record<string, string>> | null;
    readonly Healthcheck?: { readonly Test?: readonly string[] } | null;
    readonly ExposedPorts?: Readonly<Record<string, unknown>> | null;
  };
}

/** A name and password for a registry, as the Engine takes them. */
export interface RegistryAuth {
  readonly serveraddress: string;
  readonly username?: string;
  readonly password?: string;
  readonly identitytoken?: string;
}

export type OnProgress = (line: ProgressLine) => void;

/** Building, pushing and pulling say something all the time; one that is silent for so long is stuck. */
const SILENCE_MS = 10 * 60_000;

/** By id, tag or digest; null when the Engine has none. */
export async function inspectImage(engine: DockerEngine, name: string): Promise<EngineImage | null> {
  try {
    return await engine.json<EngineImage>("GET", `/images/${name}/json`);
  } catch (error) {
    if (isRefusal(error, 404)) return null;
    throw error;
  }
}

export async function tagImage(engine: DockerEngine, id: string, repository: string, tag: string): Promise<void> {
  await engine.text("POST", `/images/${id}/tag`, { query: { repo: repository, tag } });
}

/** Removes a name or, with an id, the image; one that is gone is fine. */
export async function removeImage(engine: DockerEngine, name: string, force = false): Promise<void> {
  try {
    await engine.text("DELETE", `/images/${name}`, { query: { force } });
  } catch (error) {
    if (!isRefusal(error, 404)) throw error;
  }
}

/** Loads the images of an archive (`docker save`). `docker-load-failed`. */
export async function loadImage(engine: DockerEngine, archive: Readable, report: OnProgress = () => {}): Promise<void> {
  const call = { query: { quiet: true }, body: archive, silenceMs: SILENCE_MS, deadlineMs: SILENCE_MS };
  await follow(await engine.stream("POST", "/images/load", call), "docker-load-failed", report);
}

/** An image as `docker save` writes it. */
export function saveImage(engine: DockerEngine, id: string): Promise<Readable> {
  return engine.stream("GET", `/images/${id}/get`, { silenceMs: SILENCE_MS, deadlineMs: SILENCE_MS });
}

/** Pulls `<repository>:<tag>` or `<repository>@<digest>`. `docker-pull-failed`. */
export async function pullImage(
  engine: DockerEngine,
  reference: string,
  auth: RegistryAuth | null,
  report: OnProgress = () => {},
  signal?: AbortSignal,
): Promise<void> {
  const call = {
    query: { fromImage: reference },
    headers: authHeader(auth),
    silenceMs: SILENCE_MS,
    deadlineMs: SILENCE_MS,
  };
  const source = await engine.stream("POST", "/images/create", {
    ...call,
    ...(signal === undefined ? {} : { signal }),
  });
  await follow(source, "docker-pull-failed", report);
}

/** Pushes a tag; resolves with the digest that the registry has it under. `docker-push-failed`. */
export async function pushImage(
  engine: DockerEngine,
  repository: string,
  tag: string,
  auth: RegistryAuth | null,
  report: OnProgress = () => {},
): Promise<string | null> {
  const call = { query: { tag }, headers: authHeader(auth), silenceMs: SILENCE_MS, deadlineMs: SILENCE_MS };
  const source = await engine.stream("POST", `/images/${repository}/push`, call);
  let digest: string | null = null;
  await follow(source, "docker-push-failed", (line) => {
    digest = line.aux?.Digest ?? digest;
    report(line);
  });
  return digest;
}

/** Never absent: the Engine wants the header even for nobody. */
function authHeader(auth: RegistryAuth | null): Readonly<Record<string, string>> {
  return { "X-Registry-Auth": Buffer.from(JSON.stringify(auth ?? {})).toString("base64url") };
}

async function follow(source: Readable, code: string, report: OnProgress): Promise<void> {
  try {
    for await (const line of progressOf(source, code)) report(line);
  } finally {
    source.destroy();
  }
}
