import { ContainerRunner } from "../container/container-runner.js";
import { processTable } from "./process-table.js";
import { membersOf } from "./process-tree.js";
import type { Replica } from "./replica.js";
import { Runner } from "./runner.js";

/** Memory and processor time of every replica, its children included, from one look to the next. */
export class UsageSampler {
  private sampledAt = 0;
  /** Milliseconds of processor time, by replica. */
  private cpuBefore = new Map<string, number>();

  constructor(private readonly now: () => number) {}

  /** Once a second is enough. */
  look(replicas: ReadonlyMap<string, Replica>): void {
    if (replicas.size === 0) return;
    const table = processTable();
    const now = this.now();
    const cpuNow = new Map<string, number>();
    for (const [key, replica] of replicas) {
      const { runner } = replica;
      if (runner instanceof ContainerRunner) {
        replica.usage = runner.usage;
        runner.sample();
        continue;
      }
      const { process } = runner.state;
      if (process === null) continue;
      const rows = membersOf(process, [], table);
      const memoryBytes = rows.reduce((total, row) => total + row.rssBytes, 0);
      const cpuMs = rows.reduce((total, row) => total + row.cpuMs, 0);
      const before = this.cpuBefore.get(key);
      const cpuShare = before === undefined ? 0 : Math.max(0, cpuMs - before) / Math.max(1, now - this.sampledAt);
      cpuNow.set(key, cpuMs);
      replica.usage = { memoryBytes, cpuShare };
      if (runner instanceof Runner) runner.uses(memoryBytes);
    }
    this.cpuBefore = cpuNow;
    this.sampledAt = now;
  }
}
