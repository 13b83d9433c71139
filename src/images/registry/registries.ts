import type { CredentialSource } from "./credentials.js";
import { Registry } from "./registry.js";

export interface RegistriesOptions {
  readonly credentials: CredentialSource;
  /** Hosts that are spoken to by HTTP. */
  readonly insecure: readonly string[];
  readonly backOffMs?: number;
}

/** The registries that were spoken to, one client each. The caller closes them. */
export class Registries {
  readonly #known = new Map<string, Registry>();
  readonly #options: RegistriesOptions;

  constructor(options: RegistriesOptions) {
    this.#options = options;
  }

  of(host: string): Registry {
    const known = this.#known.get(host);
    if (known !== undefined) return known;
    const { insecure, ...options } = this.#options;
    const registry = new Registry(host, { ...options, insecure: insecure.includes(host) });
    this.#known.set(host, registry);
    return registry;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#known.values()].map((registry) => registry.close()));
  }
}
