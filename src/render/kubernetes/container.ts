import type { EnvironmentKey, ServiceName, Workload } from "../../core/model/intent.js";
import { WindlassError } from "../../error.js";
import { PORT_NAME, probesOf } from "./probe.js";
import { cpuQuantity, memoryQuantity, seconds } from "./quantity.js";
import type { Json, JsonObject } from "./rendered.js";
import type { GroupScope } from "./scope.js";
import { literal, ownVariables, plainValues, secretVariables } from "./variables.js";

/** How long it takes until every node and gateway knows that a pod takes no new requests. */
const PROPAGATION_MS = 5_000;

/** The one container of a replica, named as its service, as `restricted` pod security wants it. */
export function containerOf(environment: EnvironmentKey, service: ServiceName, group: GroupScope): JsonObject {
  const { workload } = group.intent;
  const { image, argv } = imageOf(service, workload);
  return {
    name: service,
    image,
    imagePullPolicy: "IfNotPresent",
    // What "replaces the image's command": Docker's CMD, which Kubernetes calls arguments. An entrypoint (an init) stays.
    args: argv?.map(literal),
    ports: workload.hasPort ? [{ name: PORT_NAME, containerPort: group.containerPort, protocol: "TCP" }] : undefined,
    env: ownVariables(environment, service, group),
    envFrom: sourcesOf(group),
    resources: resourcesOf(workload),
    ...probesOf(workload.probes),
    lifecycle: lifecycleOf(workload),
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ["ALL"] },
      readOnlyRootFilesystem: true,
      runAsNonRoot: true,
    },
    volumeMounts: [{ name: "tmp", mountPath: "/tmp" }],
  };
}

function imageOf(service: ServiceName, { run }: Workload): { image: string; argv: readonly string[] | null } {
  if (run.kind === "command")
    throw new WindlassError(
      "kubernetes-command",
      `${service} is a command of this machine, and a cluster runs images`,
      {
        hint: "Name a registry for the environment, so that an image is made of the service's files, or give it an `image`.",
      },
    );
  if (run.image.startsWith("sha256:"))
    throw new WindlassError(
      "kubernetes-image-local",
      `the image of ${service} is in this machine's Docker Engine only`,
      {
        hint: "Name a registry for the environment, and push it there: `windlass build` does, or `--push`.",
      },
    );
  return run;
}

function sourcesOf({ name, intent: { workload } }: GroupScope): Json | undefined {
  const sources: Json[] = [];
  if (Object.keys(plainValues(workload)).length > 0) sources.push({ configMapRef: { name } });
  if (secretVariables(workload).length > 0) sources.push({ secretRef: { name } });
  return sources.length === 0 ? undefined : sources;
}

/**
 * Memory is promised and limited alike: what a node cannot give anybody loses by being killed. Processor time is only
 * promised: a limit slows a replica down while cores stand idle, and what it asks for is its share when they do not.
 */
function resourcesOf({ cpu, memoryBytes }: Workload): JsonObject {
  const memory = memoryBytes === null ? undefined : memoryQuantity(memoryBytes);
  return {
    requests:
      cpu === null && memory === undefined ? undefined : { cpu: cpu === null ? undefined : cpuQuantity(cpu), memory },
    limits: memory === undefined ? undefined : { memory },
  };
}

/** A pod that is told to end serves on until nobody sends it requests any more. */
function lifecycleOf({ hasPort, pod }: Workload): JsonObject | undefined {
  const wait = seconds(Math.min(PROPAGATION_MS, pod?.drainMs ?? PROPAGATION_MS));
  return hasPort && wait > 0 ? { preStop: { sleep: { seconds: wait } } } : undefined;
}
