import { containerStats } from "../../../docker/stats.js";
import type { Usage } from "../supervisor/replica-runner.js";
import { type Connection, isAway } from "./connection.js";

/** Memory and processor time of one container, by the Engine's own counts. */
export class UsageMeter {
  /** Null until it was read for the first time, and of a container that does not run. */
  usage: Usage | null = null;
  private before: { readonly id: string; readonly cpuNs: number; readonly at: number } | null = null;
  private reading = false;

  constructor(
    private readonly connection: Connection,
    private readonly now: () => number,
  ) {}

  /** Reads it, unless the last reading still goes on. Never rejects for an Engine that is away. */
  async read(id: string): Promise<void> {
    if (this.reading || !this.connection.reachable) return;
    this.reading = true;
    try {
      const stats = await this.connection.use((engine) => containerStats(engine, id));
      const at = this.now();
      const { before } = this;
      if (stats === null) {
        this.usage = null;
        return;
      }
      // A run that is new begins to count at 0 again.
      const same = before !== null && before.id === id && stats.cpuNs >= before.cpuNs;
      const cpuShare = same ? (stats.cpuNs - before.cpuNs) / 1e6 / Math.max(1, at - before.at) : 0;
      this.before = { id, cpuNs: stats.cpuNs, at };
      this.usage = { memoryBytes: stats.memoryBytes, cpuShare };
    } catch (error) {
      if (!isAway(error)) throw error;
    } finally {
      this.reading = false;
    }
  }
}
