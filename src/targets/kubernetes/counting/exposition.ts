/**
 * Requests that Traefik counted, from its Prometheus exposition (metrics `traefik_service_request_duration_seconds`, on
 * with `metrics.prometheus.addServicesLabels`). One series per backend, status code and method; cumulative.
 */
export interface BackendCounts {
  readonly total: number;
  readonly errors: number;
  /** Cumulative by upper bound in seconds, `Infinity` included. */
  readonly upTo: ReadonlyMap<number, number>;
}

const BUCKET = "traefik_service_request_duration_seconds_bucket{";
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"/g;

/** By the text after each `-svc-` in the gateway's name of a backend: `<namespace>-<Service>`. */
export function readExposition(text: string): Map<string, BackendCounts> {
  const counts = new Map<string, { total: number; errors: number; upTo: Map<number, number> }>();
  for (const line of text.split("\n")) {
    if (!line.startsWith(BUCKET)) continue;
    const end = line.lastIndexOf("}");
    const value = Number(
      line
        .slice(end + 1)
        .trim()
        .split(" ")[0],
    );
    const labels = new Map<string, string>();
    for (const [, name = "", said = ""] of line.slice(BUCKET.length, end).matchAll(LABEL)) labels.set(name, said);
    const backend = backendOf(labels.get("service") ?? "");
    const le = labels.get("le");
    if (backend === null || le === undefined || !Number.isFinite(value)) continue;
    const found = counts.get(backend) ?? { total: 0, errors: 0, upTo: new Map<number, number>() };
    counts.set(backend, found);
    const bound = le === "+Inf" ? Number.POSITIVE_INFINITY : Number(le);
    found.upTo.set(bound, (found.upTo.get(bound) ?? 0) + value);
    if (bound !== Number.POSITIVE_INFINITY) continue;
    found.total += value;
    if ((labels.get("code") ?? "").startsWith("5")) found.errors += value;
  }
  return counts;
}

/** `httproute-…-svc-<namespace>-<Service>-<index>@kubernetesgateway`; null: not a backend of a route. */
function backendOf(service: string): string | null {
  const found = /-svc-(.+)-\d+(?:-http)?(?:@kubernetesgateway)?$/.exec(service);
  return found?.[1] ?? null;
}
