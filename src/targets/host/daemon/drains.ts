import type { EdgeStatus } from "../edge/protocol.js";
import type { Supervisor } from "../supervisor/supervisor.js";
import type { EdgeSync } from "./edge-sync.js";

/** Tells a draining replica to end as soon as the edge, knowing that it drains, has nothing in flight for it. */
export class Drains {
  private asking = false;

  constructor(
    private readonly supervisor: Supervisor,
    private readonly sync: EdgeSync,
    private readonly status: () => Promise<EdgeStatus | null>,
  ) {}

  async look(): Promise<void> {
    const draining = this.supervisor.all().filter((one) => one.runner.state.phase === "draining");
    // Unsettled, the edge may not know yet that they drain, and may be sending them requests.
    if (draining.length === 0 || this.asking || !this.sync.settled) return;
    this.asking = true;
    const status = await this.status();
    this.asking = false;
    if (status === null || !this.sync.inForce(status.generation)) return;
    for (const { environment, service, group, id, runner } of draining) {
      const seen = status.services[`${environment}/${service}`]?.groups[group];
      if ((seen?.replicas[id]?.inFlight ?? 0) === 0) runner.send({ kind: "drained" });
    }
  }
}
