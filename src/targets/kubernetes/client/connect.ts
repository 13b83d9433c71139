import type { Clock } from "../../../ports/clock.js";
import { type AccessChoice, findAccess } from "./access/access.js";
import { processSurroundings, type Surroundings } from "./access/surroundings.js";
import type { Kubernetes } from "./api.js";
import { type ClientLimits, openKubernetes } from "./client.js";

export interface ConnectOptions extends AccessChoice {
  readonly clock: Clock;
  readonly userAgent: string;
  readonly surroundings?: Surroundings;
  readonly limits?: Partial<ClientLimits>;
}

/**
 * A client of the cluster that a kubeconfig, or the pod we run in, names. Reads files; sends nothing yet.
 * @throws WindlassError `kubernetes-config`
 */
export async function connectKubernetes(options: ConnectOptions): Promise<Kubernetes> {
  const { clock, userAgent, surroundings = processSurroundings(), limits = {} } = options;
  const access = await findAccess(surroundings, options, clock);
  return openKubernetes(access, { clock, random: Math.random, userAgent, limits });
}
