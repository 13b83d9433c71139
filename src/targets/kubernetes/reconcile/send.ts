import { WindlassError } from "../../../error.js";
import type { KubernetesObject, RenderedObject } from "../../../render/kubernetes/object.js";
import type { Kubernetes } from "../client/api.js";
import { type Difference, driftOf, type FieldConflict } from "../drift.js";
import { field, number } from "../seen/field.js";

export const MANAGER = "windlass";
/** Holds the live number of replicas while the autoscaler has not written it yet. */
export const HANDOVER = "windlass-handover";

export interface Sent {
  /** Null: it was left as somebody else made it. */
  readonly answer: KubernetesObject | null;
  readonly drift: readonly Difference[];
}

export interface Sending {
  /** What others changed is taken back; otherwise it is only told. */
  readonly heal: boolean;
  /** Of a Deployment whose replicas an autoscaler moves: how many there are now; null: it is not there. */
  readonly replicas: number | null;
}

/** What requests go by: it does not wait for what only makes room. */
const URGENT: ReadonlySet<string> = new Set(["HTTPRoute", "Ingress"]);

/** Applies one object; what stands against it says who changed what. */
export async function send(client: Kubernetes, object: RenderedObject, sending: Sending): Promise<Sent> {
  if (givesReplicasAway(object)) await handOver(client, object, sending.replicas);
  const how = { manager: MANAGER, urgent: URGENT.has(object.kind) };
  try {
    return { answer: await client.apply(object, { ...how, force: false }), drift: [] };
  } catch (error) {
    const conflicts = conflictsIn(error);
    if (conflicts === null) throw error;
    const strange = conflicts.filter((conflict) => !isOurs(conflict));
    const heal = sending.heal || strange.length === 0;
    const found = strange.length === 0 ? null : await client.get(referenceOf(object));
    const drift = found === null ? [] : driftOf(object, found, strange, heal);
    if (!heal) return { answer: null, drift };
    return { answer: await client.apply(object, { ...how, force: true }), drift };
  }
}

export function referenceOf({ apiVersion, kind, metadata: { namespace, name } }: RenderedObject) {
  return { apiVersion, kind, name, ...(namespace !== undefined && { namespace }) };
}

function givesReplicasAway(object: RenderedObject): boolean {
  return (
    object.kind === "Deployment" &&
    field(object, "spec", "template") !== undefined &&
    number(object, "spec", "replicas") === null
  );
}

/**
 * Leaving a field out gives it back to its default, one replica, unless somebody else owns it: the autoscaler does only
 * after its first change. So a second manager holds the live number (the hand-over that Kubernetes documents).
 */
async function handOver(client: Kubernetes, object: RenderedObject, replicas: number | null): Promise<void> {
  const { apiVersion, kind, metadata } = object;
  const spec = field(object, "spec") as Record<string, unknown>;
  const live = replicas ?? 1;
  if (replicas === null)
    await client.apply({ ...object, spec: { ...spec, replicas: live } }, { manager: MANAGER, force: true });
  const { name, namespace } = metadata;
  const held = {
    apiVersion,
    kind,
    metadata: { name, ...(namespace !== undefined && { namespace }) },
    spec: { replicas: live },
  };
  await client.apply(held, { manager: HANDOVER, force: true });
}

/** The number of replicas changes hands between Windlass and the autoscaler; that is not drift. */
function isOurs({ field: path, manager }: FieldConflict): boolean {
  if (manager === HANDOVER || manager === MANAGER) return true;
  return path === ".spec.replicas" && manager !== null && /controller-manager|autoscaler/.test(manager);
}

function conflictsIn(error: unknown): readonly FieldConflict[] | null {
  if (!(error instanceof WindlassError) || error.code !== "kubernetes-conflict") return null;
  const conflicts = error.facts?.conflicts;
  return Array.isArray(conflicts) ? (conflicts as readonly FieldConflict[]) : [];
}
