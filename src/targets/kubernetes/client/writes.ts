import type { KubernetesObject } from "../../../render/kubernetes/object.js";
import type { ApplyOptions, DeleteOptions, Reference, Resource, WriteOptions } from "./api.js";
import { called, query, resourcePath } from "./kinds.js";
import type { Call } from "./wire/requests.js";

export function applyCall(resource: Resource, object: KubernetesObject, options: ApplyOptions): Call {
  const call = writeCall("apply", resource, referenceTo(object), options, { force: options.force });
  // JSON is YAML. Without a resource version it says the same however often it is sent.
  const idempotent = object.metadata.resourceVersion === undefined;
  const contentType = "application/apply-patch+yaml";
  return { ...call, method: "PATCH", body: object, contentType, idempotent, hidden: secretValues(object) };
}

export function createCall(resource: Resource, object: KubernetesObject, options: WriteOptions): Call {
  const call = writeCall("create", resource, referenceTo(object), options);
  const path = `${resourcePath(resource, object.metadata.namespace)}${query(parameters(options))}`;
  return { ...call, method: "POST", path, body: object, idempotent: false, hidden: secretValues(object) };
}

export function replaceCall(resource: Resource, object: KubernetesObject, options: WriteOptions): Call {
  const call = writeCall("replace", resource, referenceTo(object), options);
  // Sent twice, the second would find the first's resource version and call it a conflict.
  return { ...call, method: "PUT", body: object, idempotent: false, hidden: secretValues(object) };
}

export function patchCall(
  resource: Resource,
  reference: Reference,
  change: Record<string, unknown>,
  options: WriteOptions,
): Call {
  const call = writeCall("patch", resource, reference, options);
  const hidden = reference.kind === "Secret" ? secretValues(change) : [];
  return {
    ...call,
    method: "PATCH",
    body: change,
    contentType: "application/merge-patch+json",
    idempotent: true,
    hidden,
  };
}

export function deleteCall(resource: Resource, reference: Reference, options: DeleteOptions): Call {
  const { propagation, uid, resourceVersion, graceSeconds } = options;
  const body = {
    apiVersion: "v1",
    kind: "DeleteOptions",
    ...(propagation === undefined ? {} : { propagationPolicy: propagation }),
    ...(graceSeconds === undefined ? {} : { gracePeriodSeconds: graceSeconds }),
    ...(uid === undefined && resourceVersion === undefined ? {} : { preconditions: { uid, resourceVersion } }),
  };
  const path = resourcePath(resource, reference.namespace, reference.name);
  return { verb: "delete", what: `delete ${called(reference)}`, method: "DELETE", path, body, idempotent: true };
}

/** What a delete answered: an object that is still there waits for finalizers, or for its containers to end. */
export function isHeld(answer: unknown): boolean {
  const { metadata } = answer as Partial<KubernetesObject>;
  if (metadata?.deletionTimestamp === undefined) return false;
  const grace = "deletionGracePeriodSeconds" in metadata ? metadata.deletionGracePeriodSeconds : null;
  return grace !== 0 || (metadata.finalizers ?? []).length > 0;
}

function writeCall(
  verb: "apply" | "create" | "replace" | "patch",
  resource: Resource,
  reference: Reference,
  options: WriteOptions,
  more: Record<string, boolean> = {},
): Omit<Call, "method" | "idempotent"> {
  const object = resourcePath(resource, reference.namespace, reference.name);
  const part = options.subresource === undefined ? "" : `/${options.subresource}`;
  return {
    verb,
    what: `${verb} ${called(reference)}`,
    path: `${object}${part}${query({ ...parameters(options), ...more })}`,
    urgent: options.urgent === true,
    ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
  };
}

function parameters({ manager, dryRun }: WriteOptions) {
  return { fieldManager: manager, dryRun: dryRun === true ? "All" : undefined };
}

function referenceTo({ apiVersion, kind, metadata }: KubernetesObject): Reference {
  const { namespace, name } = metadata;
  return { apiVersion, kind, name, ...(namespace === undefined ? {} : { namespace }) };
}

/** Shorter values are words of every message. */
const SHORTEST = 4;

/** A Secret's values, as they are and in base64: a server's refusal may quote them. */
export function secretValues(object: Record<string, unknown>): readonly string[] {
  if (object.kind !== undefined && object.kind !== "Secret") return [];
  const plain = texts(object.stringData);
  const encoded = texts(object.data);
  const decoded = encoded.map((value) => Buffer.from(value, "base64").toString("utf8"));
  const again = plain.map((value) => Buffer.from(value).toString("base64"));
  return [...plain, ...encoded, ...decoded, ...again].filter((value) => value.length >= SHORTEST);
}

function texts(values: unknown): string[] {
  if (typeof values !== "object" || values === null) return [];
  return Object.values(values).filter((value) => typeof value === "string");
}
