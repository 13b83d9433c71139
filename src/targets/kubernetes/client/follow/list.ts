import { z } from "zod";
import { WindlassError } from "../../../../error.js";
import type { KubernetesObject } from "../../../../render/kubernetes/object.js";
import type { ListPage, Resource, Selection } from "../api.js";
import { query, resourcePath } from "../kinds.js";
import type { Requests } from "../wire/requests.js";
import { isObject } from "./watch.js";

const LIST_TIMEOUT_MS = 60_000;

const metadataSchema = z.object({ resourceVersion: z.string().catch(""), continue: z.string().catch("") });

/** Page by page. Items carry no kind in a list: they get the list's. */
export async function* listPages(
  requests: Requests,
  resource: Resource,
  { namespace, labelSelector, fieldSelector, limit = 500 }: Selection & { readonly limit?: number },
  signal?: AbortSignal,
): AsyncGenerator<ListPage> {
  const what = `list ${resource.plural}`;
  let token = "";
  do {
    const parameters = query({ limit, continue: token === "" ? undefined : token, labelSelector, fieldSelector });
    const path = `${resourcePath(resource, namespace)}${parameters}`;
    const call = { verb: "list", what, method: "GET", path, idempotent: true, timeoutMs: LIST_TIMEOUT_MS } as const;
    const document = await requests.json(signal === undefined ? call : { ...call, signal });
    if (!isList(document)) throw new WindlassError("kubernetes-refused", `${what}: the answer is no list`);
    const metadata = metadataSchema.parse(document.metadata);
    const items = (document.items ?? []).filter(isObject);
    for (const item of items) named(item, resource);
    yield { items, resourceVersion: metadata.resourceVersion };
    token = metadata.continue;
  } while (token !== "");
}

function named(item: KubernetesObject, { apiVersion, kind }: Resource): void {
  item.apiVersion ??= apiVersion;
  item.kind ??= kind;
}

function isList(document: unknown): document is { metadata: object; items: unknown[] | null } {
  if (typeof document !== "object" || document === null || !("metadata" in document) || !("items" in document))
    return false;
  return typeof document.metadata === "object" && (document.items === null || Array.isArray(document.items));
}
