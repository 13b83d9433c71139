import type { z } from "zod";
import type { analysisObject } from "./schema/analysis.js";
import type { ingressObject, kubernetes } from "./schema/cluster.js";
import type { guard } from "./schema/guard.js";
import type { resourceObject } from "./schema/resource.js";
import type { scaling } from "./schema/scaling.js";
import type { secret as secretSchema } from "./schema/secret.js";
import type { service as serviceSchema } from "./schema/service.js";
import type { blueGreenStrategy, canaryStrategy, rollingStrategy } from "./schema/strategy.js";
import type { system } from "./schema/system.js";

type Deep<T> = T extends readonly (infer Item)[]
  ? readonly Deep<Item>[]
  : T extends object
    ? { readonly [K in keyof T]: Deep<T[K]> }
    : T;

/** What `defineSystem` takes; `windlass.system.yaml` has the same fields. Reference: docs/reference/spec.md. */
export type SystemSpec = Deep<z.input<typeof system>>;
export type ServiceSpec = Deep<z.input<typeof serviceSchema>>;
export type WorkerSpec = Omit<ServiceSpec, "port" | "edge" | "ingress">;
export type ResourceSpec = Deep<z.input<typeof resourceObject>>;
export type SecretSpec = Deep<z.input<typeof secretSchema>>;
export type GuardSpec = Deep<z.input<typeof guard>>;
export type AnalysisSpec = Deep<z.input<typeof analysisObject>>;
export type SignalSpec = NonNullable<AnalysisSpec["signals"]>[string];
export type EnvironmentSpec = NonNullable<NonNullable<SystemSpec["environments"]>[string]>;
export type IngressSpec = Deep<z.input<typeof ingressObject>>;
export type KubernetesSpec = Deep<z.input<typeof kubernetes>>;
export type ScalingSpec = Deep<z.input<typeof scaling>>;
type Rolling = Deep<z.input<typeof rollingStrategy>>;
type BlueGreen = Deep<z.input<typeof blueGreenStrategy>>;
type Canary = Deep<z.input<typeof canaryStrategy>>;

/** Describes a system; the default export of `windlass.system.ts`. It only gives the object its type. */
export function defineSystem(spec: SystemSpec): SystemSpec {
  return spec;
}

/** A workload that clients reach at `port`. */
export function service(spec: ServiceSpec): ServiceSpec {
  return spec;
}

/** A workload without a port. */
export function worker(spec: WorkerSpec): WorkerSpec {
  return spec;
}

/** A PostgreSQL: embedded unless `local` or `external` says where it is. Its URL comes as DATABASE_URL. */
export function postgres(options: Omit<ResourceSpec, "kind"> = {}): ResourceSpec {
  return { kind: "postgres", ...options };
}

/** A Redis: embedded unless `local` or `external` says where it is. Its URL comes as REDIS_URL. */
export function redis(options: Omit<ResourceSpec, "kind"> = {}): ResourceSpec {
  return { kind: "redis", ...options };
}

/** The name of a secret. Its value never is in a spec; with `generate` a random one is made on first use. */
export function secret(name: string, options: { readonly generate?: true } = {}): SecretSpec {
  return { secret: name, ...options };
}

/** Replica by replica: `maxSurge` above the number wanted, `maxUnavailable` below it. */
export function rolling(options: Omit<Rolling, "kind"> = {}): Rolling {
  return { kind: "rolling", ...options };
}

/** A whole new group, smoke checks, one switch, and the old group kept for the way back. */
export function blueGreen(options: Omit<BlueGreen, "kind"> = {}): BlueGreen {
  return { kind: "blue-green", ...options };
}

/** A rising share of the requests, watched at each stage. */
export function canary(options: Omit<Canary, "kind"> = {}): Canary {
  return { kind: "canary", ...options };
}
