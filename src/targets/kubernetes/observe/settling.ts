import type { ServiceName } from "../../../core/model/intent.js";
import type { ServiceObservation } from "../../../core/model/observation.js";

/**
 * What a gateway takes from the moment when it says that a route is accepted until every request goes by it: it gathers
 * changes for a moment, and no part of its status tells that it is through.
 */
const SETTLE_MS = 500;

/** Weights are in force a moment after they were first seen to be. */
export class Settling {
  readonly #since = new Map<ServiceName, { readonly said: string; readonly at: number }>();
  /** Something is seen and not in force yet: look again, though nothing will change. */
  pending = false;

  hold(
    services: Readonly<Record<ServiceName, ServiceObservation>>,
    now: number,
  ): Readonly<Record<ServiceName, ServiceObservation>> {
    for (const name of this.#since.keys()) if (services[name] === undefined) this.#since.delete(name);
    this.pending = false;
    const held = Object.entries(services).map(([name, service]): [ServiceName, ServiceObservation] => {
      if (service.weights === null) {
        this.#since.delete(name);
        return [name, service];
      }
      const said = JSON.stringify([service.weights, service.routed, answering(service)]);
      const before = this.#since.get(name);
      const at = before?.said === said ? before.at : now;
      this.#since.set(name, { said, at });
      if (now - at >= SETTLE_MS) return [name, service];
      this.pending = true;
      return [name, { ...service, weights: null, routed: null }];
    });
    return Object.fromEntries(held);
  }
}

/** Groups that should have requests and can answer them: a gateway that knew the route only now learns where they are. */
function answering({ weights, groups }: ServiceObservation): readonly string[] {
  return Object.keys(weights ?? {}).filter((id) => groups[id]?.replicas.some(({ phase }) => phase === "ready"));
}
