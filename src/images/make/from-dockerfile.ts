import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { buildImage } from "../../docker/build.js";
import type { DockerEngine } from "../../docker/engine.js";
import { inspectImage, pushImage, type RegistryAuth, saveImage, tagImage } from "../../docker/images.js";
import type { ProgressLine } from "../../docker/progress.js";
import { WindlassError } from "../../error.js";
import { registriesOf } from "../dockerfile/bases.js";
import { contextOf } from "../dockerfile/context.js";
import { writeLayout } from "../layout.js";
import { parseReference } from "../reference.js";
import type { CredentialSource } from "../registry/credentials.js";
import type { Registries } from "../registry/registries.js";
import { readSaved } from "../saved.js";
import type { Destination, MadeImage } from "./made.js";

export interface DockerfileBuild {
  /** Absolute paths. */
  readonly file: string;
  readonly context: string;
  readonly stage: string | null;
}

/** Builds a Dockerfile by an Engine. The digest in a registry is known once it was pushed: then the Engine remembers it. */
export async function fromDockerfile(
  engine: DockerEngine,
  build: DockerfileBuild,
  to: Destination,
  registries: Registries,
  credentials: CredentialSource,
  step: (line: string) => void,
): Promise<MadeImage> {
  const { tar, file, text } = await contextOf(build.context, build.file);
  const auths: Record<string, RegistryAuth> = {};
  for (const registry of registriesOf(text)) {
    const auth = await authFor(registry, credentials);
    if (auth !== null) auths[auth.serveraddress] = auth;
  }
  const id = await buildImage(engine, {
    context: tar,
    file,
    stage: build.stage,
    labels: {},
    auths,
    report: ({ stream }) => {
      if (stream !== undefined && /^Step \d+/.test(stream)) step(stream.trim());
    },
  });
  const known = (await inspectImage(engine, id))?.RepoDigests?.find((each) => each.startsWith(`${to.repository}@`));
  return {
    reference: to.push ? (known ?? id) : id,
    async publish(report) {
      await tagImage(engine, id, to.repository, to.tag);
      if (!to.push) return id;
      const { registry, repository } = parseReference(to.repository);
      const auth = await authFor(registry, credentials);
      const layers = new Layers(report);
      const said = await pushImage(engine, to.repository, to.tag, auth, (line) => layers.line(line));
      const digest = said ?? (await registries.of(registry).digest(repository, to.tag));
      if (digest === null)
        throw new WindlassError("image-unknown", `${to.repository}:${to.tag} was pushed and is not there.`);
      return `${to.repository}@${digest}`;
    },
    async write(directory, name) {
      const parts = await mkdtemp(path.join(os.tmpdir(), "windlass-saved-"));
      try {
        await writeLayout(directory, await readSaved(await saveImage(engine, id), parts), name);
      } finally {
        await rm(parts, { recursive: true, force: true });
      }
    },
  };
}

async function authFor(registry: string, source: CredentialSource): Promise<RegistryAuth | null> {
  const found = await source(registry);
  if (found === null) return null;
  const serveraddress = registry === "docker.io" ? "https://index.docker.io/v1/" : registry;
  return found.kind === "identity"
    ? { serveraddress, identitytoken: found.token }
    : { serveraddress, username: found.username, password: found.password };
}

/** The Engine counts layer by layer; together they are how far a push is. */
class Layers {
  readonly #known = new Map<string, { sent: number; of: number }>();
  readonly #report: (progress: { sent: number; of: number }) => void;

  constructor(report: (progress: { sent: number; of: number }) => void) {
    this.#report = report;
  }

  line({ id, status, progressDetail }: ProgressLine): void {
    if (id === undefined) return;
    const { current, total } = progressDetail ?? {};
    const known = this.#known.get(id);
    if (current !== undefined && total !== undefined)
      this.#known.set(id, { sent: Math.min(current, total), of: total });
    else if (status === "Pushed" && known !== undefined) this.#known.set(id, { sent: known.of, of: known.of });
    else return;
    const all = [...this.#known.values()];
    this.#report({
      sent: all.reduce((sum, each) => sum + each.sent, 0),
      of: all.reduce((sum, each) => sum + each.of, 0),
    });
  }
}
