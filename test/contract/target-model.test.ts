import type { GroupIntent, Workload } from "../../src/core/model/intent.js";
import { type Behaviour, WELL } from "../../src/targets/model/behaviour.js";
import { ModelTarget } from "../../src/targets/model/target.js";
import { targetContract } from "./target.js";

const BEHAVIOURS: Readonly<Record<string, Behaviour>> = {
  web: WELL,
  worker: WELL,
  crash: { ...WELL, endsAfterMs: 10, ends: null, exitCode: 3, lines: ["TypeError: settings is not a function"] },
  never: { ...WELL, readyAfterMs: null },
};

function behaviourOf({ workload }: GroupIntent): Behaviour {
  return BEHAVIOURS[workload.run.kind === "command" ? (workload.run.argv[0] ?? "") : ""] ?? WELL;
}

function work(name: string): Partial<Workload> {
  return { run: { kind: "command", argv: [name] } };
}

targetContract("model", async () => {
  let now = 1_000_000;
  const target = new ModelTarget(() => now, { behaviourOf, requestsPerSecond: 0, edgeMs: 0 });
  return {
    target,
    async until(look, what) {
      for (const end = now + 60_000; now < end; now += 50) {
        const found = await look();
        if (found !== null && found !== undefined && found !== false) return found;
      }
      throw new Error(`never: ${what}`);
    },
    workloads: { web: work("web"), crashing: work("crash"), neverReady: work("never"), worker: work("worker") },
    request: async (environment, service, count) => target.request(environment, service, count),
    end: async () => {
      target.environments.clear();
    },
  };
});
