import type { Probe, Probes } from "../../spec/compiled.js";
import { seconds } from "./quantity.js";
import type { JsonObject } from "./rendered.js";
import { literal } from "./variables.js";

/** The port's name in the container; Services lead to it by name, so groups may differ in its number. */
export const PORT_NAME = "http";

export function probesOf({ startup, liveness, readiness }: Probes): JsonObject {
  return {
    // Only readiness may have to pass more than once.
    startupProbe: startup === null ? undefined : probeOf({ ...startup, successes: 1 }),
    livenessProbe: liveness === null ? undefined : probeOf({ ...liveness, successes: 1 }),
    readinessProbe: readiness === null ? undefined : probeOf(readiness),
  };
}

/** A kubelet counts in whole seconds. Zeros are left out here as everywhere: an API server does not keep them. */
function probeOf(probe: Probe): JsonObject {
  return {
    ...actionOf(probe.action),
    initialDelaySeconds: seconds(probe.delayMs) || undefined,
    periodSeconds: Math.max(1, seconds(probe.periodMs)),
    timeoutSeconds: Math.max(1, seconds(probe.timeoutMs)),
    failureThreshold: Math.max(1, probe.failures),
    successThreshold: Math.max(1, probe.successes),
  };
}

function actionOf(action: Probe["action"]): JsonObject {
  switch (action.kind) {
    case "http":
      return { httpGet: { path: action.path, port: PORT_NAME, scheme: "HTTP" } };
    case "tcp":
      return { tcpSocket: { port: PORT_NAME } };
    case "command":
      return { exec: { command: action.argv.map(literal) } };
  }
}
