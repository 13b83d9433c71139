import {
  GATEWAY_DEFAULTS,
  HOST_DEFAULTS,
  INGRESS_DEFAULTS,
  isLocalRegistry,
  KUBERNETES_DEFAULTS,
  NODE_BASE,
  SCALING_CPU_DEFAULT,
  SCALING_DEFAULTS,
  SERVICE_DEFAULTS,
  SOURCE_DEFAULTS,
} from "../defaults.js";
import { dnsLabel } from "../schema/quantities.js";
import { defaultNamespace } from "./namespace.js";
import { isObject } from "./trace.js";

/** Defaults of an environment that depend on its engine. */
export function engineDefaults(environment: Record<string, unknown>, system: unknown, name: string): object {
  const { kubernetes, registry } = environment;
  const prefix = isObject(registry) && typeof registry.prefix === "string" ? registry.prefix : null;
  const images = prefix === null ? {} : { registry: { insecure: isLocalRegistry(prefix) } };
  if (environment.target !== "kubernetes") return { ...HOST_DEFAULTS, ...images };
  const isNamed = dnsLabel.safeParse(system).success && dnsLabel.safeParse(name).success;
  return {
    ...images,
    kubernetes: {
      ...KUBERNETES_DEFAULTS,
      ...(isNamed && { namespace: defaultNamespace(String(system), name) }),
      ...(isObject(kubernetes) && isObject(kubernetes.gateway) && { gateway: GATEWAY_DEFAULTS }),
    },
  };
}

/** Whether a service with a command runs in containers, so that an image is made of it. */
export function runsContainers(environment: Record<string, unknown>): boolean {
  return environment.target === "kubernetes" || environment.runner === "docker";
}

/** Defaults of the fields of a service that make an image of it, and of those that only a cluster reads. */
export function containerDefaults(service: Record<string, unknown>, inContainers: boolean): object {
  const { dockerfile, base, scaling, ingress, source } = service;
  const directory = isObject(source) && typeof source.directory === "string" ? source.directory : null;
  const needsBase = inContainers && dockerfile === undefined && base === undefined && service.image === undefined;
  return {
    ...(isObject(dockerfile) && { dockerfile: { context: directory ?? SOURCE_DEFAULTS.directory } }),
    ...(needsBase && runsNode(service.command) && { base: NODE_BASE }),
    ...(isObject(scaling) && scalingDefaults(scaling, service.replicas)),
    ...(isObject(ingress) && { ingress: { ...INGRESS_DEFAULTS, redirect: ingress.tls !== undefined } }),
  };
}

/** `min` and `replicas` are the same number: each is the other's default, where it is one that both may be. */
function scalingDefaults(scaling: Record<string, unknown>, replicas: unknown): object {
  const target = scaling.cpu === undefined && scaling.memory === undefined ? { cpu: SCALING_CPU_DEFAULT } : {};
  const number = scaling.min ?? replicas ?? SERVICE_DEFAULTS.replicas;
  const shared = typeof number === "number" && number >= 1 ? number : null;
  return {
    scaling: { ...SCALING_DEFAULTS, ...target, ...(shared !== null && { min: shared }) },
    ...(shared !== null && { replicas: shared }),
  };
}

export function runsNode(command: unknown): boolean {
  const [program] = Array.isArray(command) ? command : typeof command === "string" ? command.trim().split(/\s/) : [];
  return program === "node";
}
