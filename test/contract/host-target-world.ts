import type { Workload } from "../../src/core/model/intent.js";
import type { HostTarget } from "../../src/targets/host/target.js";
import { eventually } from "./host.js";
import type { TargetWorld } from "./target.js";

const NEVER = { kind: "http", path: "/nowhere" } as const;

export interface HostTargetParts {
  readonly target: HostTarget;
  /** How one of the small services in test/fixtures/services is run: as a process, or in a container. */
  readonly run: (name: string) => Workload["run"];
  end(): Promise<void>;
}

/** The contract's world on this machine, whatever its replicas are: requests go to the edge's port. */
export function hostTargetWorld({ target, run, end }: HostTargetParts): TargetWorld {
  return {
    target,
    until: eventually,
    workloads: {
      web: { run: run("web") },
      crashing: { run: run("crash") },
      neverReady: {
        run: run("worker"),
        probes: {
          startup: null,
          liveness: null,
          readiness: { action: NEVER, delayMs: 0, periodMs: 500, timeoutMs: 500, failures: 1, successes: 1 },
        },
      },
      worker: { run: run("worker") },
    },
    async request(environment, service, count) {
      const { port } = (await target.observe(environment)).services[service] ?? {};
      const answers: Record<string, number> = {};
      for (let sent = 0; sent < count; sent++) {
        const { release } = (await (await fetch(`http://127.0.0.1:${port}/`)).json()) as { release: string };
        answers[release] = (answers[release] ?? 0) + 1;
      }
      return answers;
    },
    end,
  };
}
