import { createHash } from "node:crypto";
import { ENVIRONMENT, SYSTEM } from "../../../render/kubernetes/labels.js";
import type { KubernetesObject } from "../../../render/kubernetes/object.js";
import { field, record, text } from "./field.js";

/** As much of an object that Windlass owns as is needed to notice that somebody changed it. */
export interface OwnedSeen {
  readonly uid: string;
  /** `<system>/<environment>`, as its labels say. */
  readonly owner: string;
  /** The same as long as nobody but its controllers writes to it. */
  readonly shape: string;
  readonly deleting: boolean;
}

/** Written by controllers into what others own; a change of these is nobody's drift. */
const CONTROLLERS = /^(deployment|endpoints|autoscaling|kubectl|pv)\.kubernetes\.io\//;

export function keepOwned(object: KubernetesObject): OwnedSeen {
  return {
    uid: text(object, "metadata", "uid") ?? "",
    owner: ownerOf(object),
    shape: shapeOf(object),
    deleting: text(object, "metadata", "deletionTimestamp") !== null,
  };
}

/** Each owner once: an environment has hundreds of objects. */
const OWNERS = new Map<string, string>();
const MOST_OWNERS = 20_000;

function ownerOf(object: KubernetesObject): string {
  const labels = field(object, "metadata", "labels");
  const owner = [text(labels, SYSTEM), text(labels, ENVIRONMENT)].map(String).join("/");
  const known = OWNERS.get(owner);
  if (known !== undefined) return known;
  if (OWNERS.size >= MOST_OWNERS) OWNERS.clear();
  OWNERS.set(owner, owner);
  return owner;
}

/**
 * A digest of what is asked of an object. Not its generation: the controller's own annotations move a Deployment's, and
 * Services, ConfigMaps, Secrets and ServiceAccounts have none.
 */
export function shapeOf(object: KubernetesObject): string {
  const { metadata, status: _status, apiVersion: _version, kind: _kind, ...rest } = object;
  const annotations = Object.entries(record(metadata, "annotations")).filter(([name]) => !CONTROLLERS.test(name));
  const said = [rest, field(metadata, "labels") ?? {}, annotations];
  return createHash("sha256").update(JSON.stringify(said)).digest("base64url").slice(0, 16);
}
