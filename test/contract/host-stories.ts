import type { Intent, Workload } from "../../src/core/model/intent.js";
import type { GroupObservation, ReplicaObservation } from "../../src/core/model/observation.js";
import { eventually, type Host } from "./host.js";
import { fixture, group, intent, traffic } from "./intents.js";

/** The sentences that stories about a host are told in. */
export function storiesOn(host: () => Host) {
  const apply = (environment: string, revision: number, wanted: Intent): Promise<void> =>
    host().target.apply(environment, { term: 1, revision, intent: wanted });

  const service = (count: number, changes: Partial<Workload> = {}, port = 0): Intent["services"][string] => ({
    groups: { r1: group("r1", count, changes) },
    traffic: traffic({ r1: 100 }, { listen: { host: "127.0.0.1", port, tls: null } }),
  });
  const worker = (changes: Partial<Workload>): Intent => {
    const groups = { r1: group("r1", 1, { hasPort: false, run: fixture("worker"), ...changes }) };
    return intent({ job: { groups, traffic: null } });
  };

  async function groupOf(environment: string, name = "web"): Promise<GroupObservation | undefined> {
    return (await host().target.observe(environment)).services[name]?.groups.r1;
  }

  /** The replicas once so many are ready. */
  function ready(environment: string, count: number, name = "web"): Promise<readonly ReplicaObservation[]> {
    return eventually(async () => {
      const replicas = (await groupOf(environment, name))?.replicas ?? [];
      return replicas.length === count && replicas.every((one) => one.phase === "ready") && replicas;
    }, `${count} of ${name} are ready`);
  }

  function replica(
    environment: string,
    name: string,
    is: (one: ReplicaObservation) => boolean,
  ): Promise<ReplicaObservation> {
    return eventually(async () => (await groupOf(environment, name))?.replicas.find(is), `a replica of ${name} is so`);
  }

  async function portOf(environment: string, name = "web"): Promise<number> {
    return eventually(async () => (await host().target.observe(environment)).services[name]?.port, "it has a port");
  }

  const pids = (replicas: readonly ReplicaObservation[]): (number | null)[] => replicas.map(({ pid }) => pid);

  async function ask(port: number, location = "/"): Promise<Record<string, string>> {
    const response = await fetch(`http://127.0.0.1:${port}${location}`);
    if (!response.ok) throw new Error(`${location} answered ${response.status}`);
    return (await response.json()) as Record<string, string>;
  }

  /** Requests one after the other until it is told to stop; counts what failed. */
  function traffics(port: number): { stop(): Promise<{ sent: number; failed: string[] }> } {
    let going = true;
    const failed: string[] = [];
    let sent = 0;
    const done = (async () => {
      while (going) {
        sent++;
        await ask(port).catch((error: unknown) => failed.push(String((error as Error).cause ?? error)));
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    })();
    return {
      async stop() {
        going = false;
        await done;
        return { sent, failed };
      },
    };
  }

  return { apply, service, worker, groupOf, ready, replica, portOf, pids, ask, traffics };
}
