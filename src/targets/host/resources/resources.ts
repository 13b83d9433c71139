import type { ResourceObservation } from "../../../core/model/observation.js";
import { WindlassError } from "../../../error.js";
import type { CompiledResource } from "../../../spec/compiled.js";

export type ResourceUrl =
  | { readonly kind: "ready"; readonly url: string }
  | { readonly kind: "waits"; readonly for: string };

/** A server that Windlass runs itself; see postgres.ts and redis.ts. */
export interface EmbeddedServer {
  url(): ResourceUrl;
  observe(): ResourceObservation;
  tick(): void;
  /** Keeps its output small; true when it was over its limit. */
  rotate(): boolean;
  /** Politely; its data stays. Resolves when nothing of it runs. */
  stop(): Promise<void>;
}

export interface ResourcesOptions {
  readonly embedded: (environment: string, resource: CompiledResource) => EmbeddedServer;
  /** Throws `host-secret-missing`. */
  readonly secret: (environment: string, name: string) => string;
  readonly report: (message: string, error?: unknown) => void;
}

interface Known {
  readonly environment: string;
  readonly resource: CompiledResource;
  readonly server: EmbeddedServer | null;
}

/** The resources of every environment, level-triggered: what is embedded runs exactly while it is wanted. */
export class Resources {
  private readonly known = new Map<string, Known>();
  private readonly stopping = new Map<string, Promise<void>>();

  constructor(private readonly options: ResourcesOptions) {}

  /** With `keep`, what is wanted no more stays for now: replicas that use it are still there. */
  want(environment: string, resources: Readonly<Record<string, CompiledResource>>, keep = false): void {
    for (const [key, { server, ...known }] of this.known) {
      if (known.environment !== environment || keep) continue;
      const wanted = resources[known.resource.name];
      if (wanted !== undefined && JSON.stringify(wanted) === JSON.stringify(known.resource)) continue;
      this.known.delete(key);
      if (server !== null) this.stop(key, server);
    }
    for (const resource of Object.values(resources)) {
      const key = `${environment}#${resource.name}`;
      // One that is still stopping has its data directory locked; the next look starts it.
      if (this.known.has(key) || this.stopping.has(key)) continue;
      const server = resource.source.kind === "embedded" ? this.options.embedded(environment, resource) : null;
      this.known.set(key, { environment, resource, server });
    }
  }

  url(environment: string, name: string): ResourceUrl {
    const known = this.known.get(`${environment}#${name}`);
    if (known === undefined) return { kind: "waits", for: `the resource ${name}` };
    const { source } = known.resource;
    switch (source.kind) {
      case "local":
        return { kind: "ready", url: source.url };
      case "external":
        return { kind: "ready", url: this.options.secret(environment, source.urlSecret) };
      case "embedded":
        return known.server?.url() ?? { kind: "waits", for: `the resource ${name}` };
    }
  }

  /** Of those that are there, except the ones that are secrets themselves. */
  urls(environment: string): readonly string[] {
    return [...this.known.values()]
      .filter((known) => known.environment === environment && known.resource.source.kind !== "external")
      .map(({ resource }) => this.url(environment, resource.name))
      .flatMap((answer) => (answer.kind === "ready" ? [answer.url] : []));
  }

  observe(environment: string): Record<string, ResourceObservation> {
    const observations: Record<string, ResourceObservation> = {};
    for (const { resource, server, ...known } of this.known.values()) {
      if (known.environment !== environment) continue;
      observations[resource.name] = server?.observe() ?? this.outside(environment, resource);
    }
    return observations;
  }

  environments(): readonly string[] {
    return [...new Set([...this.known.values()].map(({ environment }) => environment))];
  }

  tick(): void {
    for (const { server } of this.known.values()) server?.tick();
  }

  rotate(): boolean {
    let rotated = false;
    for (const { server } of this.known.values()) rotated = server?.rotate() === true || rotated;
    return rotated;
  }

  async stopAll(): Promise<void> {
    for (const [key, { server }] of this.known) if (server !== null) this.stop(key, server);
    this.known.clear();
    await Promise.all(this.stopping.values());
  }

  private outside(environment: string, { source, kind }: CompiledResource): ResourceObservation {
    if (source.kind !== "external") return { phase: "ready", detail: `${kind}, on this machine already` };
    try {
      this.options.secret(environment, source.urlSecret);
      return { phase: "ready", detail: `${kind}, elsewhere, by the secret ${source.urlSecret}` };
    } catch (error) {
      if (!(error instanceof WindlassError)) throw error;
      return { phase: "failed", detail: error.hint === undefined ? error.message : `${error.message}. ${error.hint}` };
    }
  }

  private stop(key: string, server: EmbeddedServer): void {
    const stopped = server
      .stop()
      .catch((error: unknown) => this.options.report(`${key} could not be stopped`, error))
      .finally(() => this.stopping.delete(key));
    this.stopping.set(key, stopped);
  }
}
