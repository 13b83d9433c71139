import { setTimeout as sleep } from "node:timers/promises";
import { openLedger } from "../../src/ledger/open.js";
import { placesIn } from "../../src/ports/places.js";
import type { ServiceSpec } from "../../src/spec/define.js";
import type { Cluster } from "../../test/conformance/kubernetes/rig/cluster.js";
import type { Version } from "../installation/system.js";
import { cloned, systemName } from "./clone.js";
import { BenchPlane } from "./control-plane.js";
import { Etcd, type Stored } from "./etcd.js";
import { clusterVersion, keyIn, namespaceIn } from "./system.js";

/** Nobody pulls it: the nodes are fake. */
const IMAGE = `registry.invalid/web@sha256:${"a".repeat(64)}`;
const QUIET_MS = 3_000;

export interface FleetOptions {
  readonly cluster: Cluster;
  readonly etcdUrl: string;
  readonly environments: number;
  readonly services: readonly string[];
  readonly service: Partial<ServiceSpec>;
}

/** Many environments of one kind, each in a namespace of its own, and the control plane that drives them. */
export class Fleet {
  readonly plane = new BenchPlane();

  constructor(private readonly options: FleetOptions) {}

  version(index: number, label: string): Version {
    const { cluster, services, service } = this.options;
    return clusterVersion({
      label,
      system: systemName(index),
      services,
      image: IMAGE,
      kubeconfig: cluster.kubeconfig,
      gateway: { name: "windlass", namespace: "gateway" },
      service,
    });
  }

  /**
   * The first environment is deployed as any other. What the cluster then holds of it, and the ledger, is what every
   * other one begins with: 1,000 first deployments would only measure how fast the rig makes pods.
   */
  async make(): Promise<void> {
    const { cluster, environments, etcdUrl } = this.options;
    const first = systemName(0);
    await this.plane.start();
    await this.plane.deploy(keyIn(first), this.version(0, "1.0.0"));
    await this.plane.until(keyIn(first), 0, ({ type }) => type === "deployment.finished@1");
    await sleep(QUIET_MS);
    await this.plane.stop();
    const etcd = new Etcd(etcdUrl);
    const template = (await etcd.below("/registry/")).filter(
      ({ key, value }) => (key + value).includes(namespaceIn(first)) && !/^\/registry\/(events|leases)\//.test(key),
    );
    // Controllers that see half of an environment would mend it.
    for (const name of ["kube-controller-manager", "kube-scheduler", "kwok"]) await cluster.program(name).end();
    const batch: Stored[] = [];
    for (let index = 1; index < environments; index++) {
      batch.push(...cloned(template, first, index));
      if (batch.length < 5_000 && index < environments - 1) continue;
      await etcd.put(batch.splice(0));
    }
    for (const name of ["kwok", "kube-controller-manager", "kube-scheduler"]) await cluster.program(name).start();
    await this.#copyLedger(first, environments);
    process.stderr.write(`${environments} environments of ${template.length} objects\n`);
  }

  /**
   * Starts the control plane and waits until it has nothing more to send: a new one applies everything once, to be sure.
   * False: it was still at that after `patienceMs`.
   */
  async drive(patienceMs: number): Promise<boolean> {
    await this.plane.start();
    const end = performance.now() + patienceMs;
    for (let before = -1; ; ) {
      const { requests, rss, cpuMs } = await this.plane.ask("figures", null);
      const { inProgress, problems } = await this.plane.ask("standing", null);
      const sent = writes(requests);
      process.stderr.write(
        `  ${sent} writes, ${inProgress} in progress, ${Object.values(problems).reduce((sum, n) => sum + n, 0)} with a problem (${Object.keys(problems)[0] ?? "none"}), ${Math.round(rss / 2 ** 20)} MiB, ${Math.round(cpuMs / 1000)} s of CPU\n`,
      );
      if (sent > 0 && sent === before && inProgress === 0 && Object.keys(problems).length === 0) return true;
      if (performance.now() > end) return false;
      before = sent;
      await sleep(5_000);
    }
  }

  async #copyLedger(first: string, environments: number): Promise<void> {
    const store = await openLedger({ directory: placesIn(this.plane.home).ledger });
    try {
      const events = [];
      for await (const event of store.read(keyIn(first), 0)) events.push(event);
      const text = JSON.stringify(
        events.map(({ type, data, at, wall, by, key }) => ({ type, data, at, wall, by, key })),
      );
      for (let index = 1; index < environments; index++) {
        const name = systemName(index);
        await store.append(keyIn(name), 0, JSON.parse(text.replaceAll(first, name)));
      }
    } finally {
      await store.close();
    }
  }
}

export function writes(requests: Readonly<Record<string, number>>): number {
  const { apply = 0, create = 0, replace = 0, patch = 0, delete: deleted = 0 } = requests;
  return apply + create + replace + patch + deleted;
}

export function all(requests: Readonly<Record<string, number>>): number {
  return Object.entries(requests).reduce((sum, [verb, count]) => (verb === "retries" ? sum : sum + count), 0);
}
