import { z } from "zod";
import { WindlassError } from "../../../error.js";
import type { Clock } from "../../../ports/clock.js";
import type { KindName, Resource } from "./api.js";
import { groupPath, knownResource } from "./kinds.js";
import type { Requests } from "./wire/requests.js";

const listSchema = z.object({
  resources: z.array(z.object({ name: z.string(), kind: z.string(), namespaced: z.boolean() })),
});

interface Served {
  /** By kind. */
  readonly resources: ReadonlyMap<string, Resource>;
  readonly askedAt: number;
}

/** What is absent is asked for again soon: somebody may be installing it. */
const ABSENT_MS = 15_000;

/** What a cluster serves beside the kinds that all do, one request per group and version. */
export class Discovery {
  readonly #requests: Requests;
  readonly #clock: Clock;
  readonly #keptMs: number;
  readonly #served = new Map<string, Served>();
  readonly #asking = new Map<string, Promise<Served>>();

  constructor(requests: Requests, clock: Clock, keptMs: number) {
    this.#requests = requests;
    this.#clock = clock;
    this.#keptMs = keptMs;
  }

  /** Null when the cluster does not serve it. */
  async find(kind: KindName): Promise<Resource | null> {
    const known = knownResource(kind);
    if (known !== null) return known;
    const served = await this.#group(kind);
    return served.resources.get(kind.kind) ?? null;
  }

  async need(kind: KindName): Promise<Resource> {
    const resource = await this.find(kind);
    if (resource !== null) return resource;
    throw new WindlassError("kubernetes-not-served", `the cluster does not serve ${kind.kind} of ${kind.apiVersion}`, {
      hint: "install the custom resource definitions it comes with",
      retry: "after-refresh",
    });
  }

  async #group({ apiVersion, kind }: KindName): Promise<Served> {
    const held = this.#served.get(apiVersion);
    const keptMs = held?.resources.has(kind) === true ? this.#keptMs : ABSENT_MS;
    if (held !== undefined && this.#clock.now() - held.askedAt < keptMs) return held;
    let asking = this.#asking.get(apiVersion);
    if (asking === undefined) {
      asking = this.#ask(apiVersion).finally(() => this.#asking.delete(apiVersion));
      this.#asking.set(apiVersion, asking);
    }
    return asking;
  }

  async #ask(apiVersion: string): Promise<Served> {
    const what = `ask for ${apiVersion}`;
    const { status, text } = await this.#requests.text(
      { verb: "discovery", what, method: "GET", path: groupPath(apiVersion), idempotent: true },
      (reply) => reply.status === 404,
    );
    const resources = new Map<string, Resource>();
    for (const { name, kind, namespaced } of status === 404 ? [] : listed(what, text))
      if (!name.includes("/")) resources.set(kind, { apiVersion, kind, plural: name, namespaced });
    const served = { resources, askedAt: this.#clock.now() };
    this.#served.set(apiVersion, served);
    return served;
  }
}

function listed(what: string, text: string): z.infer<typeof listSchema>["resources"] {
  try {
    return listSchema.parse(JSON.parse(text)).resources;
  } catch (cause) {
    throw new WindlassError("kubernetes-refused", `${what}: the answer is no list of resources`, { cause });
  }
}
