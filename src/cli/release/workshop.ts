import path from "node:path";
import { type DockerEngine, openEngine, socketOf } from "../../docker/engine.js";
import { WindlassError } from "../../error.js";
import type { Blob, Image } from "../../images/image.js";
import { layerOf } from "../../images/layer.js";
import { isLayout, readLayout } from "../../images/layout.js";
import { fromDockerfile } from "../../images/make/from-dockerfile.js";
import { FILES_DIRECTORY, fromFiles } from "../../images/make/from-files.js";
import { fromTag } from "../../images/make/from-tag.js";
import type { Destination, MadeImage } from "../../images/make/made.js";
import { imageTag, parseReference } from "../../images/reference.js";
import { dockerCredentials } from "../../images/registry/credentials.js";
import { pullImage } from "../../images/registry/pull.js";
import { Registries } from "../../images/registry/registries.js";
import type { CompiledService } from "../../spec/compiled.js";
import type { CompiledBuild } from "../../spec/compiled-cluster.js";
import type { ImageRequest, ImageWorld } from "./images.js";

/** Makes the images of one release; what services share (a base, a layer, the Engine) is opened once. */
export class Workshop {
  readonly #registries: Registries;
  readonly #credentials: ReturnType<typeof dockerCredentials>;
  readonly #bases = new Map<string, Promise<Image>>();
  readonly #layers = new Map<string, Promise<Blob>>();
  #engine: Promise<DockerEngine> | null = null;

  constructor(
    private readonly request: ImageRequest,
    private readonly world: ImageWorld,
    private readonly temporary: string,
  ) {
    const { registry } = request.environment;
    this.#credentials = dockerCredentials(world.env);
    const insecure = registry?.insecure === true ? [parseReference(`${registry.prefix}/x`).registry] : [];
    this.#registries = new Registries({ credentials: this.#credentials, insecure });
  }

  /** The image of a service; a reference where it is somebody else's; null when the spec names it by digest. */
  async make(service: CompiledService): Promise<MadeImage | string | null> {
    const { build, run } = service;
    if (build?.kind === "dockerfile") return this.#fromDockerfile(service.name, build);
    if (build?.kind === "files") return this.#fromFiles(service, build.base);
    if (run.kind !== "image") return null;
    const engine = this.request.environment.target === "host" ? await this.#reachEngine() : null;
    return fromTag(run.image, this.#registries, engine);
  }

  async close(): Promise<void> {
    await this.#registries.close();
    // One that could not be opened has told so already.
    const engine = await this.#engine?.catch(() => null);
    await engine?.close();
  }

  async #fromDockerfile(name: string, build: CompiledBuild & { kind: "dockerfile" }): Promise<MadeImage> {
    const at = (relative: string) => path.resolve(this.request.directory, relative);
    this.world.note(`building the image of ${name} (${build.file})`);
    const files = { file: at(build.file), context: at(build.context), stage: build.stage };
    const step = (line: string) => this.world.note(`${name}: ${line}`);
    const engine = await this.#reachEngine();
    return fromDockerfile(engine, files, this.#to(name), this.#registries, this.#credentials, step);
  }

  async #fromFiles({ name, run }: CompiledService, base: string): Promise<MadeImage> {
    if (run.kind !== "command") throw new RangeError(`${name} has an image already`);
    const layer = await this.#layer(name);
    return fromFiles(await this.#base(base), layer, run.argv, this.#to(name), this.#registries, () =>
      this.#reachEngine(),
    );
  }

  #base(base: string): Promise<Image> {
    const known = this.#bases.get(base) ?? this.#openBase(base);
    this.#bases.set(base, known);
    return known;
  }

  async #openBase(base: string): Promise<Image> {
    const directory = path.resolve(this.request.directory, base);
    if (await isLayout(directory)) return readLayout(directory);
    const reference = parseReference(base);
    return pullImage(this.#registries.of(reference.registry), reference);
  }

  #layer(name: string): Promise<Blob> {
    const source = this.request.packed.sources.find(({ services }) => services.includes(name));
    if (source === undefined) throw new RangeError(`the files of ${name} are not packed`);
    const file = path.join(this.temporary, `${source.digest.replace("sha256:", "")}.layer`);
    const known = this.#layers.get(source.digest) ?? layerOf(source.file, file, FILES_DIRECTORY);
    this.#layers.set(source.digest, known);
    return known;
  }

  #to(name: string): Destination {
    const { environment, system, label } = this.request;
    const { registry } = environment;
    if (registry === undefined && environment.target !== "host")
      throw new WindlassError("image-registry-needed", `Nothing says where the image of ${name} is pushed to.`, {
        hint: `name a registry in ${environment.name}: registry: "registry.example.com/${system}"`,
      });
    return {
      repository: registry === undefined ? `localhost/${system}/${name}` : `${registry.prefix}/${name}`,
      tag: imageTag(label),
      push: registry !== undefined,
    };
  }

  #reachEngine(): Promise<DockerEngine> {
    this.#engine ??= openEngine({ socket: socketOf(this.world.env.DOCKER_HOST) });
    return this.#engine;
  }
}
