import type { GroupIntent, Intent, ServiceIntent, TrafficIntent, Workload } from "../../src/core/model/intent.js";

const FIXTURES = new URL("../fixtures/services/", import.meta.url).pathname;

/** A command that runs one of the small services in test/fixtures/services. */
export function fixture(name: string): Workload["run"] {
  return { kind: "command", argv: [process.execPath, `${FIXTURES}${name}.mjs`] };
}

export function workload(changes: Partial<Workload> = {}): Workload {
  return {
    run: fixture("web"),
    artefact: null,
    environment: {},
    probes: { startup: null, liveness: null, readiness: null },
    hasPort: true,
    cpu: null,
    memoryBytes: null,
    stopGraceMs: 2_000,
    uses: [],
    ...changes,
  };
}

export function group(revision: string, replicas: number, changes: Partial<Workload> = {}): GroupIntent {
  const work = workload(changes);
  // Any text that differs when the workload does: the target compares digests and computes none.
  const digest = `sha256:${revision}:${JSON.stringify(work)}`;
  return { revision, label: `1.0.0-${revision}`, replicas, workload: work, digest };
}

export function traffic(weights: Record<string, number>, changes: Partial<TrafficIntent> = {}): TrafficIntent {
  return {
    listen: { host: "127.0.0.1", port: 0, tls: null },
    weights,
    routes: [],
    sticky: null,
    policy: {
      outAfterFailures: 3,
      inAfterSuccesses: 1,
      retries: 1,
      holdMs: 5_000,
      drainMs: 5_000,
      requestTimeoutMs: 30_000,
      maxBodyBytes: 1024 * 1024,
    },
    slowMs: null,
    ...changes,
  };
}

export function intent(services: Record<string, ServiceIntent>, more: Partial<Intent> = {}): Intent {
  return { services, resources: {}, tasks: [], ...more };
}
