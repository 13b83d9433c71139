import type { Block } from "../core/model/judgement.js";
import type { SignalReading, SignalSource } from "../ports/target.js";
import type { ModelEnvironment } from "../targets/model/environment.js";
import type { Requests } from "./requests.js";

/** What the edge would have counted: requests over the ready replicas, by the weights in force at the start of each second. */
export class RehearsedTraffic implements SignalSource {
  #from: number;

  constructor(
    readonly requests: Requests,
    private readonly where: {
      readonly service: string;
      /** Releases are told apart by their label. */
      readonly newLabel: string;
      readonly environment: () => ModelEnvironment;
      readonly now: () => number;
    },
  ) {
    this.#from = Math.floor(where.now() / 1000) * 1000;
  }

  /** Every second is drawn once, when it is over. */
  async read(): Promise<SignalReading> {
    const to = Math.floor(this.where.now() / 1000) * 1000;
    const blocks: (Block & { readonly service: string })[] = [];
    for (; this.#from < to; this.#from += 1000) this.#draw(this.#from, blocks);
    return { cursor: String(to), blocks };
  }

  #draw(at: number, into: (Block & { readonly service: string })[]): void {
    const { service: name, newLabel, environment } = this.where;
    const service = environment().services.get(name);
    const weights = service?.edge?.inForce(at).weights;
    if (service === undefined || weights === undefined) return;
    for (const [id, group] of service.groups) {
      const weight = weights[id] ?? 0;
      if (weight === 0) continue;
      const ready = group.ready();
      const mean = (this.requests.options.requestsPerSecond * weight) / 100 / ready.length;
      const isNew = group.intent.label === newLabel;
      for (const replica of ready) {
        const block = this.requests.of({ at, group: id, replica: replica.id, isNew, mean });
        if (block !== null) into.push({ service: name, ...block });
      }
    }
  }
}
