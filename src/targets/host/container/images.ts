import type { DockerEngine } from "../../../docker/engine.js";
import { type EngineImage, inspectImage, pullImage, type RegistryAuth } from "../../../docker/images.js";
import { isRefusal } from "../../../docker/refusal.js";
import { WindlassError } from "../../../error.js";
import { isAway } from "./connection.js";

/** Name and password for the registry of an image; null: none are known. */
export type Credentials = (reference: string) => Promise<RegistryAuth | null>;

/** Images that this machine's Engine has, or fetches; one is fetched once, however many replicas wait for it. */
export class Images {
  private readonly pulls = new Map<string, Promise<void>>();

  constructor(
    private readonly credentials: Credentials,
    private readonly report: (message: string) => void,
  ) {}

  /**
   * The image, which the Engine has when this resolves. Rejects with `host-image-missing` (the registry or the Engine
   * does not know it), `host-image-unauthorized` or `host-image-pull`.
   */
  async ensure(engine: DockerEngine, reference: string): Promise<EngineImage> {
    const present = await inspectImage(engine, reference);
    if (present !== null) return present;
    if (/^sha256:/.test(reference))
      throw new WindlassError("host-image-missing", `this machine's Engine has no image ${reference}`, {
        hint: "It was built by an Engine and pushed nowhere: give the environment a registry, or deploy again from here.",
      });
    const running = this.pulls.get(reference) ?? this.begin(engine, reference);
    await running;
    const pulled = await inspectImage(engine, reference);
    if (pulled !== null) return pulled;
    throw new WindlassError("host-image-pull", `${reference} was fetched, and the Engine does not have it`);
  }

  private begin(engine: DockerEngine, reference: string): Promise<void> {
    this.report(`fetches the image ${reference}`);
    const pull = this.pull(engine, reference).finally(() => this.pulls.delete(reference));
    this.pulls.set(reference, pull);
    return pull;
  }

  private async pull(engine: DockerEngine, reference: string): Promise<void> {
    try {
      await pullImage(engine, tagged(reference), await this.credentials(reference));
    } catch (error) {
      throw isAway(error) ? error : explained(reference, error);
    }
  }
}

/** Without a tag the Engine would fetch every one there is. */
function tagged(reference: string): string {
  const last = reference.slice(reference.lastIndexOf("/") + 1);
  return /[:@]/.test(last) ? reference : `${reference}:latest`;
}

/** The Engine has no codes for it, in no version: its words, and those of the registries, tell. */
function explained(reference: string, error: unknown): WindlassError {
  if (error instanceof WindlassError && error.code.startsWith("host-")) return error;
  const said = error instanceof Error ? error.message : String(error);
  if (/unauthorized|authentication required|no basic auth|denied|forbidden/i.test(said))
    return new WindlassError("host-image-unauthorized", `${reference} may not be fetched: ${said}`, {
      hint: "Log in to the registry as the user that Windlass runs as (docker login).",
      cause: error,
    });
  if (isRefusal(error, 404) || /manifest unknown|not found|does not exist|no such (image|host)/i.test(said))
    return new WindlassError("host-image-missing", `there is no image ${reference}: ${said}`, {
      hint: "Look at the registry's name and the tag or digest; images that were cleaned up there have to be pushed again.",
      cause: error,
    });
  return new WindlassError("host-image-pull", `${reference} could not be fetched: ${said}`, {
    cause: error,
    retry: "safe",
  });
}
