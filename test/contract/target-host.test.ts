import { eventually, startHost } from "./host.js";
import { fixture } from "./intents.js";
import { targetContract } from "./target.js";

const NEVER = { kind: "http", path: "/nowhere" } as const;

targetContract("host", async () => {
  const host = await startHost();
  const { target } = host;
  return {
    target,
    until: eventually,
    workloads: {
      web: { run: fixture("web") },
      crashing: { run: fixture("crash") },
      neverReady: {
        run: fixture("worker"),
        probes: {
          startup: null,
          liveness: null,
          readiness: { action: NEVER, delayMs: 0, periodMs: 500, timeoutMs: 500, failures: 1, successes: 1 },
        },
      },
      worker: { run: fixture("worker") },
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
    end: () => host.end(),
  };
});
