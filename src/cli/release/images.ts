import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import type { MadeImage } from "../../images/make/made.js";
import type { CompiledEnvironment } from "../../spec/compiled.js";
import type { Environment } from "../home.js";
import { Quarters } from "./quarters.js";
import type { PackedSources } from "./sources.js";

/** What images are made with: DOCKER_HOST and where Docker keeps credentials, and who hears what takes time. */
export interface ImageWorld {
  readonly env: Environment;
  readonly note: (line: string) => void;
}

export interface ImageRequest {
  /** The spec's directory. */
  readonly directory: string;
  readonly system: string;
  readonly environment: CompiledEnvironment;
  readonly packed: PackedSources;
  /** The release's label; a tag is made of it. */
  readonly label: string;
}

export interface Images {
  /** By service: how it is referred to, as far as is known before a push. */
  readonly references: Readonly<Record<string, string>>;
  readonly made: ReadonlyMap<string, MadeImage>;
  /** Puts those that were made where they are run from; all by digest. */
  publish(): Promise<Readonly<Record<string, string>>>;
  /** Removes what was only on the way, and ends connections. */
  remove(): Promise<void>;
}

const NONE: Images = { references: {}, made: new Map(), publish: async () => ({}), remove: async () => {} };

/** Makes the images of an environment's services, and finds out what the tags of others mean now. */
export async function makeImages(request: ImageRequest, world: ImageWorld): Promise<Images> {
  const services = Object.values(request.environment.services);
  const concerned = services.filter(({ build, run }) => build !== undefined || run.kind === "image");
  // Most have none: what makes images is not even loaded.
  if (concerned.length === 0) return NONE;
  const { Workshop } = await import("./workshop.js");
  const temporary = await mkdtemp(path.join(os.tmpdir(), "windlass-images-"));
  const workshop = new Workshop(request, world, temporary);
  const remove = async () => {
    await workshop.close();
    await rm(temporary, { recursive: true, force: true });
  };
  const references: Record<string, string> = {};
  const made = new Map<string, MadeImage>();
  try {
    for (const service of concerned) {
      const image = await workshop.make(service);
      if (image === null) continue;
      references[service.name] = typeof image === "string" ? image : image.reference;
      if (typeof image !== "string") made.set(service.name, image);
    }
  } catch (error) {
    await remove();
    throw error;
  }
  const publish = async () => {
    const published: Record<string, string> = { ...references };
    for (const [name, image] of made) {
      const quarters = new Quarters(`${name}: pushed`, world.note);
      let begun = false;
      published[name] = await image.publish(({ sent, of }) => {
        if (!begun) world.note(`pushing the image of ${name}`);
        begun = true;
        quarters.sent(sent, of);
      });
    }
    return published;
  };
  return { references, made, publish, remove };
}
