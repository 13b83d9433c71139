import type { CompiledEnvironment, CompiledService } from "../compiled.js";
import { kubernetes as kubernetesSchema, registryObject } from "../schema/cluster.js";
import { validate } from "../validate.js";
import type { AuthoredKubernetes, AuthoredRegistry } from "./authored.js";
import { kubernetes, registry } from "./cluster.js";
import type { Report } from "./report.js";

type Engine = Pick<CompiledEnvironment, "kubernetes" | "registry" | "runner">;

/** How the engine under an environment is reached, where its images are, and what does not go together. */
export function compileEngine(
  written: Readonly<Record<string, unknown>>,
  services: readonly CompiledService[],
  report: Report,
): Engine {
  const isCluster = written.target === "kubernetes";
  const builds = services.find((service) => service.build !== undefined);
  const images = fitting<AuthoredRegistry>(registryObject, written.registry, report.below("registry"));
  if (isCluster && written.registry === undefined && builds !== undefined)
    report
      .below("target")
      .add(
        "spec-no-registry",
        `the image of "${builds.name}" is made here, and nothing says where images are pushed to`,
        'registry: "registry.example.com/shop"',
      );
  const where = images === null ? {} : { registry: registry(images) };
  if (!isCluster) {
    if (written.kubernetes !== undefined)
      report
        .below("kubernetes")
        .add(
          "spec-target",
          "a cluster is described, and the target is host",
          'target: "kubernetes", or kubernetes: null',
        );
    return { ...where, ...(written.runner === "docker" && { runner: "docker" as const }) };
  }
  if (written.runner !== undefined)
    report
      .below("runner")
      .add("spec-target", "replicas in a cluster are pods: a runner is of a host", "runner: null, or leave it out");
  const cluster = fitting<AuthoredKubernetes>(kubernetesSchema, written.kubernetes, report.below("kubernetes"));
  const hasIngress = services.some((service) => service.ingress !== undefined);
  return {
    ...(cluster !== null && { kubernetes: kubernetes(cluster, hasIngress, report.below("kubernetes")) }),
    ...where,
  };
}

/** What was put together from layers may lack what each of them may leave out; null: it does not fit, which is told. */
function fitting<T>(schema: Parameters<typeof validate>[0], value: unknown, report: Report): T | null {
  if (value === undefined) return null;
  const problems = validate(schema, value, report.at);
  report.problems.push(...problems);
  return problems.length === 0 ? (value as T) : null;
}
