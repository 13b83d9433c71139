import type { ServiceBlock, TrafficSecond } from "../targets/model/traffic.js";
import type { Requests } from "./requests.js";

/** What the edge would have counted: requests over the ready replicas, by the weights in force. Each second is drawn once. */
export class RehearsedTraffic {
  #drawnTo = Number.NEGATIVE_INFINITY;

  constructor(
    readonly requests: Requests,
    private readonly newLabel: string,
  ) {}

  /** Seconds before `to` are not drawn any more: somebody knows already what was in them. */
  skip(to: number): void {
    this.#drawnTo = to;
  }

  readonly draw = ({ at, service, groups }: TrafficSecond, into: ServiceBlock[]): void => {
    if (at < this.#drawnTo) return;
    this.#drawnTo = at + 1000;
    for (const { group, label, weight, ready } of groups) {
      if (weight === 0) continue;
      const mean = (this.requests.options.requestsPerSecond * weight) / 100 / ready.length;
      for (const replica of ready) {
        const block = this.requests.of({ at, group, replica, isNew: label === this.newLabel, mean });
        if (block !== null) into.push({ service, ...block });
      }
    }
  };
}
