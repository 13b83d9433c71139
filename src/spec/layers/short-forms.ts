import type { Path } from "../problem.js";
import { isObject } from "./trace.js";

/**
 * The short forms of the spec. They are made long before layers are merged, so that `port: 8080` and
 * `port: { host: "0.0.0.0" }` in an environment come together.
 */
export function expandShortForm(value: unknown, below: Path): unknown {
  const [room, , field, sub, ...deeper] = below;
  if (room === "services" && field === "analysis") return expandMetric(value, deeper);
  if (deeper.length > 0) return value;
  if (typeof value === "string" && below.length === 1 && room === "registry") return { prefix: value };
  if (typeof value === "string" && below.length === 2 && room === "kubernetes" && below[1] === "gateway")
    return expandGateway(value);
  if (room === "resources" && below.length === 2) return typeof value === "string" ? { kind: value } : value;
  if (room !== "services" || isObject(value)) return value;
  if (sub === undefined) return expandField(field, value);
  if (field === "probes") return expandProbe(value);
  if (field === "strategy" && sub === "sticky" && value === true) return {};
  return value;
}

function expandField(field: string | number | undefined, value: unknown): unknown {
  if (field === "port" && typeof value === "number") return { number: value };
  if (typeof value !== "string") return value;
  if (field === "image") return { name: value };
  if (field === "source") return { directory: value };
  if (field === "strategy") return { kind: value };
  if (field === "dockerfile") return { file: value };
  if (field === "ingress") return { hosts: [value] };
  return value;
}

/** `name`, or `namespace/name`. */
function expandGateway(value: string): unknown {
  const slash = value.indexOf("/");
  return slash < 0 ? { name: value } : { namespace: value.slice(0, slash), name: value.slice(slash + 1) };
}

function expandProbe(value: unknown): unknown {
  if (value === "tcp") return { tcp: true };
  return typeof value === "string" ? { http: value } : value;
}

/** `deeper` is the path below `signals`: a signal's name, `otlp`, `bad` or `total`. */
function expandMetric(value: unknown, deeper: Path): unknown {
  return deeper.length === 3 && deeper[1] === "otlp" && typeof value === "string" ? { metric: value } : value;
}
