import type { Traffic } from "../targets/model/traffic.js";
import type { Requests } from "./requests.js";

/** What the edge would have counted: requests over the ready replicas, by the weights in force. Each second is drawn once. */
export function rehearsedTraffic(requests: Requests, newLabel: string): Traffic {
  let drawnTo = Number.NEGATIVE_INFINITY;
  return ({ at, service, groups }, into) => {
    if (at < drawnTo) return;
    drawnTo = at + 1000;
    for (const { group, label, weight, ready } of groups) {
      if (weight === 0) continue;
      const mean = (requests.options.requestsPerSecond * weight) / 100 / ready.length;
      for (const replica of ready) {
        const block = requests.of({ at, group, replica, isNew: label === newLabel, mean });
        if (block !== null) into.push({ service, ...block });
      }
    }
  };
}
