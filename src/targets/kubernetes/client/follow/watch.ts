import { WindlassError } from "../../../../error.js";
import type { KubernetesObject } from "../../../../render/kubernetes/object.js";
import type { Resource, Selection } from "../api.js";
import { query, resourcePath } from "../kinds.js";
import { linesOf } from "../wire/lines.js";
import { refusalError } from "../wire/refusal.js";
import type { Requests } from "../wire/requests.js";
import { statusOf } from "../wire/status.js";

export type WatchEvent =
  | { readonly type: "put" | "remove"; readonly object: KubernetesObject }
  | { readonly type: "bookmark"; readonly version: string };

export interface WatchQuestion {
  readonly resource: Resource;
  readonly selection: Selection;
  readonly version: string;
  readonly seconds: number;
  /** Called for every piece of the answer, so that a quiet connection is told from a dead one. */
  readonly onBytes: () => void;
}

/** etcd takes objects of 1.5 MiB; managed fields and JSON make more of it. */
const LONGEST_LINE_BYTES = 8 * 1024 * 1024;

/** The events after a version. Ends when the server ends it; an ERROR event is thrown as what it says. */
export async function* watchEvents(
  requests: Requests,
  { resource, selection, version, seconds, onBytes }: WatchQuestion,
  signal: AbortSignal,
): AsyncGenerator<WatchEvent> {
  const what = `watch ${resource.plural}`;
  const parameters = query({
    watch: true,
    allowWatchBookmarks: true,
    timeoutSeconds: seconds,
    resourceVersion: version,
    labelSelector: selection.labelSelector,
    fieldSelector: selection.fieldSelector,
  });
  const path = `${resourcePath(resource, selection.namespace)}${parameters}`;
  const body = await requests.stream({ verb: "watch", what, method: "GET", path, idempotent: true }, signal);
  onBytes();
  const tooLong = () => new WindlassError("kubernetes-refused", `${what}: an event is longer than 8 MiB`);
  for await (const line of linesOf(touched(body, onBytes), { maxBytes: LONGEST_LINE_BYTES, tooLong }))
    if (line !== "") yield eventOf(line, what);
}

async function* touched(chunks: AsyncIterable<Uint8Array>, onBytes: () => void): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    onBytes();
    yield chunk;
  }
}

function eventOf(line: string, what: string): WatchEvent {
  let event: { type?: unknown; object?: unknown };
  try {
    event = JSON.parse(line);
  } catch (cause) {
    // A connection that is cut ends within a line.
    throw new WindlassError("kubernetes-unreachable", `${what}: half an event`, { cause, retry: "safe" });
  }
  if (event.type === "ERROR") {
    const body = statusOf(event.object);
    throw refusalError({ status: body?.code ?? 500, body, what, hidden: [] });
  }
  const object = event.object;
  if (!isObject(object)) throw new WindlassError("kubernetes-refused", `${what}: an event without an object`);
  switch (event.type) {
    case "ADDED":
    case "MODIFIED":
      return { type: "put", object };
    case "DELETED":
      return { type: "remove", object };
    case "BOOKMARK":
      return { type: "bookmark", version: object.metadata.resourceVersion ?? "" };
    default:
      throw new WindlassError("kubernetes-refused", `${what}: an event of the unknown type ${String(event.type)}`);
  }
}

/** Enough to hold it: the API server's own objects are not validated twice. */
export function isObject(value: unknown): value is KubernetesObject {
  return typeof value === "object" && value !== null && "metadata" in value && typeof value.metadata === "object";
}
