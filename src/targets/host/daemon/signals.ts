import type { EdgeBlocks } from "../edge/protocol.js";
import type { ReplicaIdentity } from "../supervisor/replica.js";
import type { Signals } from "./protocol.js";

interface Restart {
  readonly environment: string;
  readonly service: string;
  readonly group: string;
  readonly replica: string;
  /** The edge's second in which it was first told, fixed from then on. */
  told: { readonly edge: string; readonly second: number } | null;
}

const KEPT = 10_000;

/** Puts the restarts that the supervisor saw into the edge's seconds, so that one block carries both. */
export class Restarts {
  private readonly restarts: Restart[] = [];
  /** The latest second that was read: a slower reader's older answer puts no restart into a second that was over. */
  private latest = { edge: "", second: 0 };

  add({ environment, service, group, id }: ReplicaIdentity): void {
    this.restarts.push({ environment, service, group, replica: id, told: null });
    if (this.restarts.length > KEPT) this.restarts.shift();
  }

  /** Blocks of one environment from `since` on; the service names lose the environment. */
  merge(environment: string, read: EdgeBlocks, since: number): Signals {
    const { edge, nowSecond, intoSecondMs, nextSecond = nowSecond } = read;
    if (this.latest.edge !== edge) this.latest = { edge, second: nowSecond };
    else this.latest.second = Math.max(this.latest.second, nowSecond);
    const blocks = new Map<string, Signals["blocks"][number]>();
    const keyOf = (group: string, replica: string, second: number): string => `${group}\n${replica}\n${second}`;
    for (const block of read.blocks) {
      if (!block.service.startsWith(`${environment}/`) || block.second < since) continue;
      const service = block.service.slice(environment.length + 1);
      blocks.set(keyOf(block.group, block.replica, block.second), { ...block, service, restarts: 0 });
    }
    for (const restart of this.restarts) {
      if (restart.environment !== environment) continue;
      if (restart.told?.edge !== edge) {
        // Told to an edge that is gone: those blocks keep it.
        if (restart.told !== null) continue;
        restart.told = { edge, second: this.latest.second };
      }
      const { second } = restart.told;
      if (second < since) continue;
      const { service, group, replica } = restart;
      const key = keyOf(group, replica, second);
      const block = blocks.get(key) ?? { service, group, replica, second, total: 0, errors: 0, slow: 0, restarts: 0 };
      blocks.set(key, { ...block, restarts: block.restarts + 1 });
    }
    return { edge, nowSecond, intoSecondMs, nextSecond, blocks: [...blocks.values()] };
  }
}
