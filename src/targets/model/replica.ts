import type { ExitReport, ReplicaObservation } from "../../core/model/observation.js";
import type { Behaviour } from "./behaviour.js";

const CRASH_LOOP_AFTER = 3;
const BACKOFF_MS = 200;
const LONGEST_BACKOFF_MS = 5_000;

/** One simulated process and its successors under the same id; `advance` brings it to a moment. */
export class ModelReplica {
  phase: "starting" | "ready" | "backoff" | "stopping" = "starting";
  restarts = 0;
  #since: number;
  #ended = 0;

  constructor(
    readonly id: string,
    private readonly behaviour: Behaviour,
    at: number,
    private readonly restarted: (at: number) => void,
  ) {
    this.#since = at;
    this.advance(at);
  }

  /** Engine time of the next change by itself; Infinity: none. */
  nextAt(): number {
    const { behaviour } = this;
    switch (this.phase) {
      case "starting":
        return Math.min(this.#readyAt(), this.#endsAt());
      case "ready":
        return this.#endsAt();
      case "backoff":
        return this.#since + Math.min(LONGEST_BACKOFF_MS, BACKOFF_MS * 2 ** Math.min(10, this.restarts));
      case "stopping":
        return this.#since + behaviour.stopsAfterMs;
    }
  }

  /** Goes through every change up to `now`; true when there was one. */
  advance(now: number): boolean {
    let changed = false;
    for (let at = this.nextAt(); at <= now && !this.gone(now); at = this.nextAt()) {
      changed = true;
      if (this.phase === "starting" && this.#endsAt() > at) this.phase = "ready";
      else if (this.phase === "backoff") this.#become("starting", at);
      else this.#end(at);
    }
    return changed;
  }

  stop(now: number): void {
    if (this.phase !== "stopping") this.#become("stopping", now);
  }

  /** Ends now, as a process that was killed does; it is started again after the backoff. */
  crash(now: number): void {
    if (this.phase === "ready" || this.phase === "starting") this.#end(now);
  }

  gone(now: number): boolean {
    return this.phase === "stopping" && this.#since + this.behaviour.stopsAfterMs <= now;
  }

  lines(): readonly string[] {
    return [`works as ${this.id}`, ...this.behaviour.lines];
  }

  observe(): ReplicaObservation {
    return {
      id: this.id,
      phase: this.phase,
      restarts: this.restarts,
      crashLoop: this.behaviour.endsAfterMs !== null && this.#ended >= CRASH_LOOP_AFTER && this.behaviour.ends === null,
      lastExit: this.restarts === 0 ? null : this.#exit(),
      probe: this.phase === "starting" && this.behaviour.readyAfterMs === null ? "GET /ready answers 503" : null,
      port: 20_000,
      pid: 1,
    };
  }

  #readyAt(): number {
    return this.behaviour.readyAfterMs === null ? Number.POSITIVE_INFINITY : this.#since + this.behaviour.readyAfterMs;
  }

  #endsAt(): number {
    const { endsAfterMs, ends } = this.behaviour;
    const runsOn = endsAfterMs === null || (ends !== null && this.#ended >= ends);
    return runsOn ? Number.POSITIVE_INFINITY : this.#since + Math.max(1, endsAfterMs);
  }

  #end(at: number): void {
    this.#ended += 1;
    this.restarts += 1;
    this.restarted(at);
    this.#become("backoff", at);
  }

  #become(phase: ModelReplica["phase"], at: number): void {
    this.phase = phase;
    this.#since = at;
  }

  #exit(): ExitReport {
    const { exitCode: code } = this.behaviour;
    return { code, signal: null, reason: "exited", message: `exited with code ${code}`, lastLines: this.lines() };
  }
}
