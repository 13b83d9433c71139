import type { KubernetesObject } from "../../../render/kubernetes/object.js";
import { text } from "./field.js";
import { keepOwned, type OwnedSeen } from "./owned.js";

export interface ConfigurationSeen extends OwnedSeen {
  /** Of the record of an environment's intent: who drives it. Null: it is something else. */
  readonly term: number | null;
}

/** `recordName`: what the record is called in every namespace. */
export function keepConfiguration(object: KubernetesObject, recordName: string): ConfigurationSeen {
  const term = object.metadata.name === recordName ? Number(text(object, "data", "term") ?? Number.NaN) : Number.NaN;
  return { ...keepOwned(object), term: Number.isSafeInteger(term) ? term : null };
}
