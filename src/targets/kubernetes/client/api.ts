import type { WindlassError } from "../../../error.js";
import type { KubernetesObject } from "../../../render/kubernetes/object.js";

/** `{ apiVersion: "apps/v1", kind: "Deployment" }`. Core kinds are known; others are asked of the server once. */
export interface KindName {
  readonly apiVersion: string;
  readonly kind: string;
}

export interface Reference extends KindName {
  /** Absent for kinds that have none (Namespace, Node, ClusterRole, GatewayClass). */
  readonly namespace?: string;
  readonly name: string;
}

/** Where a kind is served. */
export interface Resource extends KindName {
  /** The plural in the URL: `deployments`. */
  readonly plural: string;
  readonly namespaced: boolean;
}

export interface Selection {
  /** Absent: all namespaces. */
  readonly namespace?: string;
  /** `windlass.dev/system=shop,windlass.dev/service in (web,api)`. */
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

export interface ListPage {
  readonly items: readonly KubernetesObject[];
  /** The same on every page of one list: they are one consistent snapshot. */
  readonly resourceVersion: string;
}

export interface WriteOptions {
  /** The field manager that the change is booked to. */
  readonly manager: string;
  /** Runs admission and validation, stores nothing. */
  readonly dryRun?: boolean;
  readonly subresource?: "status" | "scale";
  /** Goes before what waits for its turn: weights and aborts. */
  readonly urgent?: boolean;
  /** Of the request with its repeats, and once more for its turn in the queue. Default 30 s, and 120 s in the queue. */
  readonly timeoutMs?: number;
}

export interface ApplyOptions extends WriteOptions {
  /** Takes fields from other managers; without it they are a `kubernetes-conflict`. */
  readonly force: boolean;
}

export interface DeleteOptions {
  readonly propagation?: "Foreground" | "Background" | "Orphan";
  /** Deletes only this very object: another uid of the same name is a `kubernetes-conflict`. */
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly graceSeconds?: number;
}

export interface LogOptions {
  readonly namespace: string;
  readonly pod: string;
  readonly container?: string;
  readonly tailLines?: number;
  readonly follow?: boolean;
  /** Of the container that ran before the last restart. */
  readonly previous?: boolean;
}

export interface ProxyRequest {
  readonly namespace: string;
  readonly to: "pod" | "service";
  readonly name: string;
  readonly port: number | string;
  /** With its query: `/metrics`. */
  readonly path: string;
  readonly method?: "GET" | "POST";
  readonly scheme?: "http" | "https";
  readonly timeoutMs?: number;
  /** Longer answers are cut and say so. Default 1 MiB. */
  readonly maxBytes?: number;
}

export interface ProxyResponse {
  readonly status: number;
  readonly body: string;
  readonly truncated: boolean;
}

export interface AccessQuestion {
  /** `get list watch create update patch delete`. */
  readonly verb: string;
  readonly kind: KindName;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
}

/** `key` is `<namespace>/<name>`, or `<name>` where there is no namespace. */
export type Change<T> =
  | { readonly type: "added"; readonly key: string; readonly value: T }
  | { readonly type: "changed"; readonly key: string; readonly value: T; readonly before: T }
  | { readonly type: "removed"; readonly key: string; readonly before: T };

export interface InformerOptions<T> extends Selection {
  readonly kind: KindName;
  /** Takes from an object what is needed; the rest is let go. Must be pure. */
  readonly keep: (object: KubernetesObject) => T;
  /** Called in order, after the store has changed. What it throws becomes the informer's problem. */
  readonly onChange?: (change: Change<T>) => void;
  readonly timings?: Partial<InformerTimings>;
}

export interface InformerTimings {
  readonly pageSize: number;
  /** What the server is asked to end a watch after. */
  readonly watchSeconds: number;
  /** No event and no bookmark for so long: the connection is taken for dead. */
  readonly idleMs: number;
  /** A whole list again, so that nothing that a watch lost stays lost. */
  readonly resyncMs: number;
  readonly backoffMs: readonly [first: number, longest: number];
}

/** A local copy of a selection of objects that follows the server by list and watch. */
export interface Informer<T> {
  get(key: string): T | undefined;
  entries(): IterableIterator<[key: string, value: T]>;
  readonly size: number;
  /** Resolves after the first whole list; rejects with the last problem (or `kubernetes-timeout`) after `timeoutMs`. */
  synced(timeoutMs: number): Promise<void>;
  health(): InformerHealth;
  /** Ends its connection; resolves once nothing of it runs. The store stays readable. */
  stop(): Promise<void>;
}

export interface InformerHealth {
  readonly synced: boolean;
  /** `Clock.now()` of the last answer, event or bookmark; null before the first. */
  readonly lastHeardAt: number | null;
  /** Why it does not follow right now; null while it does. */
  readonly problem: WindlassError | null;
  /** How often a whole list was read, and how often a watch was begun. */
  readonly lists: number;
  readonly watches: number;
}

/** Requests sent so far, retries included. */
export interface RequestCounts {
  readonly get: number;
  readonly list: number;
  readonly watch: number;
  readonly apply: number;
  readonly create: number;
  readonly replace: number;
  readonly patch: number;
  readonly delete: number;
  readonly logs: number;
  readonly proxy: number;
  readonly review: number;
  readonly discovery: number;
  /** Of all of these, how many were repeats after a failure. */
  readonly retries: number;
}

/**
 * One cluster's API. Every call has a deadline. Codes: `kubernetes-conflict` (facts.conflicts: field, manager),
 * `-forbidden`, `-not-found`, `-invalid` (facts.fields), `-quota`, `-admission`, `-unauthorized`, `-gone`,
 * `-unreachable`, `-timeout`, `-busy` (the server's queue or our own is full), `-terminating` (the namespace is being
 * deleted), `-not-served` (a custom resource that is not installed), `-proxy-failed` (the pod behind the API server does
 * not answer), `-config` (kubeconfig), `-closed` (after `close`), `-refused` (anything else that the server says no to).
 */
export interface Kubernetes {
  /** Null when there is none. */
  get(reference: Reference, options?: { readonly subresource?: "status" | "scale" }): Promise<KubernetesObject | null>;
  /** Page by page, one consistent snapshot; throws `kubernetes-gone` when it expires between pages. */
  list(kind: KindName, selection?: Selection & { readonly limit?: number }): AsyncIterable<ListPage>;
  /** Server-side apply: creates or changes, idempotent, retried. */
  apply(object: KubernetesObject, options: ApplyOptions): Promise<KubernetesObject>;
  /** `kubernetes-conflict` when it exists already. Not retried once it may have been received. */
  create(object: KubernetesObject, options: WriteOptions): Promise<KubernetesObject>;
  /** The object's `metadata.resourceVersion` is what was read; `kubernetes-conflict` when it is not so any more. */
  replace(object: KubernetesObject, options: WriteOptions): Promise<KubernetesObject>;
  /** A JSON merge patch. */
  patch(reference: Reference, change: Record<string, unknown>, options: WriteOptions): Promise<KubernetesObject>;
  /** `absent`: there was none. `deleting`: finalizers or its pods hold it still. */
  delete(reference: Reference, options?: DeleteOptions): Promise<"deleted" | "deleting" | "absent">;
  informer<T>(options: InformerOptions<T>): Informer<T>;
  /** Lines without their line end, at most 64 KiB each. Ends with the container or the signal, never with an error for the latter. */
  logs(options: LogOptions, signal: AbortSignal): AsyncIterable<string>;
  /** Through the API server; an answer of any status of the pod's is a value. */
  proxy(request: ProxyRequest): Promise<ProxyResponse>;
  /** Null when the cluster does not serve it. Kept for `discoveryMs`. */
  resource(kind: KindName): Promise<Resource | null>;
  can(question: AccessQuestion): Promise<{ readonly allowed: boolean; readonly reason: string }>;
  /** `v1.34.4`. */
  version(): Promise<string>;
  /** Who the server is, for people and errors: the URL, never a credential. */
  readonly server: string;
  counts(): RequestCounts;
  /** Stops informers and logs, ends every connection. */
  close(): Promise<void>;
}
