import type { Kubernetes } from "../../../src/targets/kubernetes/client/api.js";

/** One life of a control plane: how many of its writes have passed, and whether it is over. */
export class Life {
  alive = true;
  passages = 0;
  /** Called when it ends. */
  readonly over: Promise<void>;
  #end: () => void = () => {};

  /** It ends at this passage, before or after a write reached the API server; null: never by itself. */
  constructor(private readonly endsAt: number | null) {
    this.over = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  end(): void {
    this.alive = false;
    this.#end();
  }

  /** Who is dead neither acts nor hears any more. */
  async through<T>(write: () => Promise<T>): Promise<T> {
    await this.#pass();
    const answer = await write();
    await this.#pass();
    return answer;
  }

  async #pass(): Promise<void> {
    this.passages += 1;
    if (this.alive && this.passages === this.endsAt) this.end();
    if (!this.alive) await new Promise<never>(() => {});
  }
}

/** A client whose writes get through only while its control plane lives. */
export function mortalClient(client: Kubernetes, life: Life): Kubernetes {
  return {
    ...client,
    apply: (object, options) => life.through(() => client.apply(object, options)),
    create: (object, options) => life.through(() => client.create(object, options)),
    replace: (object, options) => life.through(() => client.replace(object, options)),
    patch: (reference, change, options) => life.through(() => client.patch(reference, change, options)),
    delete: (reference, options) => life.through(() => client.delete(reference, options)),
  };
}
