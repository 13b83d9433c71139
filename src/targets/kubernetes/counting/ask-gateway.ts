import { request } from "undici";
import { WindlassError } from "../../../error.js";
import type { Kubernetes } from "../client/api.js";
import { keepSlice } from "../seen/route.js";

const ASK_MS = 2_000;
const MAX_BYTES = 32 * 1024 * 1024;
const SERVICE_URL = /^service:\/\/([^/]+)\/([^/:]+):([^/]+)(\/.*)$/;

/** How a gateway's exposition is fetched: directly, or through the API server from every replica of a Service. */
export function askGateway(client: Kubernetes, url: string): () => Promise<ReadonlyMap<string, string>> {
  const inside = SERVICE_URL.exec(url);
  if (inside === null) return async () => new Map([["", await fetchText(url)]]);
  const [, namespace = "", service = "", port = "", path = ""] = inside;
  return async () => {
    const texts = new Map<string, string>();
    for (const pod of await podsOf(client, namespace, service)) {
      const answer = await client.proxy({
        namespace,
        to: "pod",
        name: pod,
        port,
        path,
        timeoutMs: ASK_MS,
        maxBytes: MAX_BYTES,
      });
      if (answer.status !== 200 || answer.truncated) throw refused(url, `${pod} answered ${answer.status}`);
      texts.set(pod, answer.body);
    }
    if (texts.size === 0) throw refused(url, "it has no replica that is ready");
    return texts;
  };
}

async function podsOf(client: Kubernetes, namespace: string, service: string): Promise<readonly string[]> {
  const pods = new Set<string>();
  const labelSelector = `kubernetes.io/service-name=${service}`;
  for await (const page of client.list(
    { apiVersion: "discovery.k8s.io/v1", kind: "EndpointSlice" },
    { namespace, labelSelector },
  ))
    for (const item of page.items) for (const pod of keepSlice(item).ready) pods.add(pod);
  return [...pods];
}

async function fetchText(url: string): Promise<string> {
  const { statusCode, body } = await request(url, {
    headersTimeout: ASK_MS,
    bodyTimeout: ASK_MS,
    signal: AbortSignal.timeout(ASK_MS),
  });
  const text = await body.text();
  if (statusCode !== 200) throw refused(url, `it answered ${statusCode}`);
  return text;
}

function refused(url: string, why: string): WindlassError {
  return new WindlassError("kubernetes-gateway-counts", `the gateway's counts at ${url} cannot be read: ${why}`, {
    hint: "kubernetes.gateway.metrics in the spec says where its Prometheus exposition is.",
    retry: "safe",
  });
}
