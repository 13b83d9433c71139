import { eventually } from "../../contract/host.js";
import { targetContract } from "../../contract/target.js";
import { dockerWorld } from "./host-world.js";

const NEVER = { kind: "http", path: "/nowhere" } as const;

targetContract("host with Docker", async () => {
  const world = await dockerWorld();
  const { run } = world;
  const { target } = world.host;
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
    end: () => world.end(),
  };
});
