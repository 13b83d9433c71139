import { SERVICE } from "../../../render/kubernetes/labels.js";
import type { KubernetesObject } from "../../../render/kubernetes/object.js";
import { condition, field, list, number, text } from "./field.js";
import { keepOwned, type OwnedSeen } from "./owned.js";

export interface RouteSeen extends OwnedSeen {
  readonly service: string | null;
  /** A service's second route sends HTTP on to HTTPS; it leads to no group. */
  readonly redirects: boolean;
  /** One per rule, in order: what it matches by beside the path, and the backends with their weights. */
  readonly rules: readonly {
    readonly matched: boolean;
    readonly backends: Readonly<Record<string, number>>;
  }[];
  /** Every parent has accepted the present generation and found its backends. */
  readonly accepted: boolean;
  /** Why one has not: `NoMatchingListenerHostname: …`; null: nothing was said against it. */
  readonly refusal: string | null;
}

export function keepRoute(object: KubernetesObject): RouteSeen {
  const { metadata, spec, status } = object;
  const generation = number(metadata, "generation") ?? 0;
  const parents = list(status, "parents").map((parent) => verdictOf(list(parent, "conditions"), generation));
  return {
    ...keepOwned(object),
    service: text(metadata, "labels", SERVICE),
    redirects: list(spec, "rules").every((rule) => list(rule, "backendRefs").length === 0),
    rules: list(spec, "rules").map((rule) => ({
      matched: list(rule, "matches").some((match) => list(match, "headers").length > 0),
      backends: backendsOf(list(rule, "backendRefs")),
    })),
    accepted: parents.length > 0 && parents.every((parent) => parent === "accepted"),
    refusal: parents.find((parent) => parent !== "accepted" && parent !== "unknown") ?? null,
  };
}

/** Sticky clients make several parts of one backend. */
function backendsOf(references: readonly unknown[]): Record<string, number> {
  const weights: Record<string, number> = {};
  for (const backend of references) {
    const name = text(backend, "name") ?? "";
    weights[name] = (weights[name] ?? 0) + (number(backend, "weight") ?? 1);
  }
  return weights;
}

/** `accepted`, `unknown` (nothing was said about this generation yet), or what was said against it. */
function verdictOf(conditions: readonly unknown[], generation: number): string {
  for (const type of ["Accepted", "ResolvedRefs"]) {
    const found = condition(conditions, type);
    if (found === null || (found.generation !== null && found.generation < generation)) return "unknown";
    if (found.status !== "True") return `${found.reason}: ${found.message}`;
  }
  return "accepted";
}

export interface SliceSeen {
  readonly backend: string;
  /** Names of the pods that take requests. */
  readonly ready: readonly string[];
}

export function keepSlice(object: KubernetesObject): SliceSeen {
  return {
    backend: text(object, "metadata", "labels", "kubernetes.io/service-name") ?? "",
    ready: list(object, "endpoints").flatMap((endpoint) => {
      if (field(endpoint, "conditions", "ready") === false) return [];
      const pod = text(endpoint, "targetRef", "name");
      return pod === null ? [] : [pod];
    }),
  };
}
