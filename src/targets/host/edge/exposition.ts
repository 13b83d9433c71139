import { CLASSES, type Counts } from "./counts.js";
import { BUCKETS, type Histogram } from "./histogram.js";
import type { Listener } from "./listener.js";
import { REASONS, type Service } from "./service.js";

/** What `/metrics` shows besides the services. */
export interface ProcessFigures {
  readonly version: string;
  readonly generation: number;
  readonly connections: number;
  readonly upgrades: number;
  readonly uploads: number;
  readonly logDropped: number;
  readonly startedAtSeconds: number;
}

type Labels = Readonly<Record<string, string>>;

/** Prometheus text exposition 0.0.4. */
class Exposition {
  #text = "";

  family(name: string, type: "counter" | "gauge" | "histogram", help: string): void {
    this.#text += `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
  }

  sample(name: string, labels: Labels, value: number): void {
    const pairs = Object.entries(labels).map(([key, text]) => `${key}="${escaped(text)}"`);
    this.#text += `${name}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`} ${value}\n`;
  }

  histogram(name: string, labels: Labels, histogram: Histogram): void {
    let cumulative = 0;
    for (const [at, bound] of BUCKETS.entries()) {
      cumulative += histogram.counts[at] ?? 0;
      this.sample(`${name}_bucket`, { ...labels, le: String(bound) }, cumulative);
    }
    this.sample(`${name}_bucket`, { ...labels, le: "+Inf" }, histogram.count);
    this.sample(`${name}_sum`, labels, histogram.sum);
    this.sample(`${name}_count`, labels, histogram.count);
  }

  toString(): string {
    return this.#text;
  }
}

const escaped = (text: string): string =>
  text.replace(/[\\"\n]/g, (character) => (character === "\n" ? "\\n" : `\\${character}`));

export function exposition(
  figures: ProcessFigures,
  counts: Counts,
  services: readonly Service[],
  listeners: readonly Listener[],
): string {
  const out = new Exposition();
  requests(out, counts);
  serviceFigures(out, services);
  certificates(out, listeners);
  processFigures(out, figures);
  return out.toString();
}

function requests(out: Exposition, counts: Counts): void {
  out.family(
    "windlass_edge_requests_total",
    "counter",
    "Requests by the replica that was asked last and the class of the answer.",
  );
  for (const { service, group, replica, byClass } of counts.replicas())
    for (const [at, code] of CLASSES.entries())
      if ((byClass[at] ?? 0) > 0)
        out.sample("windlass_edge_requests_total", { service, group, replica, code }, byClass[at] ?? 0);
  out.family(
    "windlass_edge_request_duration_seconds",
    "histogram",
    "From the request's header to the end of the answer, by group.",
  );
  for (const { service, group, latency } of counts.groups())
    out.histogram("windlass_edge_request_duration_seconds", { service, group }, latency);
  out.family("windlass_edge_replica_request_duration_seconds", "histogram", "The same by replica.");
  for (const { service, group, replica, latency } of counts.replicas())
    out.histogram("windlass_edge_replica_request_duration_seconds", { service, group, replica }, latency);
}

function serviceFigures(out: Exposition, services: readonly Service[]): void {
  out.family("windlass_edge_weight_percent", "gauge", "Share of requests in force.");
  for (const { key, plan } of services)
    for (const [at, { id }] of plan.groups.entries())
      out.sample("windlass_edge_weight_percent", { service: key, group: id }, plan.routing.weights[at] ?? 0);
  out.family("windlass_edge_requests_in_flight", "gauge", "Requests and upgraded connections that run.");
  eachReplica(services, (labels, replica) => out.sample("windlass_edge_requests_in_flight", labels, replica.inFlight));
  out.family("windlass_edge_replica_available", "gauge", "1 when the replica may be given requests.");
  eachReplica(services, (labels, { ready, draining, out: isOut }) =>
    out.sample("windlass_edge_replica_available", labels, ready && !draining && !isOut ? 1 : 0),
  );
  out.family("windlass_edge_replica_out", "gauge", "1 when the replica is out because of its failures.");
  eachReplica(services, (labels, replica) => out.sample("windlass_edge_replica_out", labels, replica.out ? 1 : 0));
  out.family("windlass_edge_retries_total", "counter", "Attempts that were made again on another replica.");
  for (const { key, retries } of services) out.sample("windlass_edge_retries_total", { service: key }, retries);
  out.family("windlass_edge_held_total", "counter", "Requests that waited for a replica.");
  for (const { key, heldTotal } of services) out.sample("windlass_edge_held_total", { service: key }, heldTotal);
  out.family("windlass_edge_requests_held", "gauge", "Requests that wait for a replica.");
  for (const { key, holding } of services) out.sample("windlass_edge_requests_held", { service: key }, holding.size);
  out.family("windlass_edge_unserved_total", "counter", "Requests that the edge answered itself, by reason.");
  for (const { key, unserved } of services)
    for (const reason of REASONS)
      out.sample("windlass_edge_unserved_total", { service: key, reason }, unserved[reason]);
}

function certificates(out: Exposition, listeners: readonly Listener[]): void {
  const secure = listeners.filter(({ certificate }) => certificate !== null);
  out.family("windlass_edge_certificate_expiry_timestamp_seconds", "gauge", "When the certificate in use ends.");
  for (const { service, certificate } of secure)
    out.sample(
      "windlass_edge_certificate_expiry_timestamp_seconds",
      { service: service?.key ?? "" },
      (certificate?.expires ?? 0) / 1_000,
    );
  out.family(
    "windlass_edge_certificate_reload_failures_total",
    "counter",
    "Changed certificates that could not be used.",
  );
  for (const { service, reloadFailures } of secure)
    out.sample("windlass_edge_certificate_reload_failures_total", { service: service?.key ?? "" }, reloadFailures);
}

function processFigures(out: Exposition, figures: ProcessFigures): void {
  const gauge = (name: string, help: string, value: number) => {
    out.family(name, "gauge", help);
    out.sample(name, {}, value);
  };
  out.family("windlass_edge_info", "gauge", "1, with the version.");
  out.sample("windlass_edge_info", { version: figures.version }, 1);
  gauge("windlass_edge_table_generation", "Generation of the routing table in force.", figures.generation);
  gauge("windlass_edge_connections", "Client connections.", figures.connections);
  gauge("windlass_edge_upgraded_connections", "Connections that are upgraded or on the way to it.", figures.upgrades);
  gauge("windlass_edge_uploads", "Request bodies on their way.", figures.uploads);
  out.family("windlass_edge_access_log_dropped_total", "counter", "Access log lines that were dropped.");
  out.sample("windlass_edge_access_log_dropped_total", {}, figures.logDropped);
  const { user, system } = process.cpuUsage();
  out.family("process_cpu_seconds_total", "counter", "User and system CPU time.");
  out.sample("process_cpu_seconds_total", {}, (user + system) / 1e6);
  gauge("process_resident_memory_bytes", "Resident memory.", process.memoryUsage.rss());
  gauge("process_start_time_seconds", "When the process began.", figures.startedAtSeconds);
}

type Each = (labels: Labels, replica: Service["plan"]["groups"][number]["replicas"][number]) => void;
function eachReplica(services: readonly Service[], each: Each): void {
  for (const { key, plan } of services)
    for (const { id, replicas } of plan.groups)
      for (const replica of replicas) each({ service: key, group: id, replica: replica.id }, replica);
}
