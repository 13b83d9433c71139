import type { ProbeSubject } from "../../../ports/signal-provider.js";
import type { Side } from "../groups.js";
import type { Attributes } from "./points.js";

/** Resource attributes that say who sends. */
export const SERVICE = "service.name";
export const INSTANCE = "service.instance.id";
export const GROUP = "windlass.group";
export const ENVIRONMENT = "windlass.environment";

export interface SenderReplica {
  readonly side: Side;
  readonly replica: string;
}

/** Who sends, seen from one rollout; `miss` is what a sender of this service lacks, null: not this service. */
export type Sender = SenderReplica | { readonly miss: string | null };

/**
 * `service.name`, `windlass.environment` (WINDLASS_ENVIRONMENT) and `service.instance.id` (WINDLASS_REPLICA) name a
 * replica. Its group is `windlass.group`, or what stands in the replica's id: `<service>-<group>-<number>`.
 */
export function senderOf(resource: Attributes, subject: ProbeSubject): Sender {
  if (resource[SERVICE] !== subject.service) return { miss: null };
  const { [ENVIRONMENT]: environment, [INSTANCE]: replica } = resource;
  if (environment !== subject.environment)
    return { miss: environment === undefined ? `came without the resource attribute ${ENVIRONMENT}` : null };
  if (replica === undefined) return { miss: `came without the resource attribute ${INSTANCE}` };
  const group = resource[GROUP] ?? groupIn(replica, subject.service);
  if (group === null)
    return { miss: `came without the resource attribute ${GROUP}, from ${INSTANCE} ${replica.slice(0, 80)}` };
  if (group === subject.canary) return { side: "canary", replica };
  return group === subject.stable ? { side: "stable", replica } : { miss: null };
}

function groupIn(replica: string, service: string): string | null {
  if (!replica.startsWith(`${service}-`)) return null;
  return /^(.+)-\d+$/.exec(replica.slice(service.length + 1))?.[1] ?? null;
}
