import type { GroupIntent } from "../../core/model/intent.js";
import type { GroupObservation } from "../../core/model/observation.js";
import type { Behaviour } from "./behaviour.js";
import { ModelReplica } from "./replica.js";

/** The replicas of one group: as many as asked for, and those that are still ending. */
export class ModelGroup {
  readonly replicas: ModelReplica[] = [];
  asked = 0;
  #started = 0;

  constructor(
    readonly id: string,
    readonly service: string,
    readonly intent: GroupIntent,
    readonly behaviour: Behaviour,
    private readonly restarted: (at: number, group: string, replica: string) => void,
  ) {}

  /** Starts what is missing; ends what is too much: what is not ready first, then the youngest. */
  resize(asked: number, now: number): void {
    this.asked = asked;
    const running = this.replicas.filter((replica) => replica.phase !== "stopping");
    for (let missing = this.behaviour.problem === null ? asked - running.length : 0; missing > 0; missing--) {
      this.#started += 1;
      const id = `${this.service}-${this.id}-${this.#started}`;
      this.replicas.push(new ModelReplica(id, this.behaviour, now, (at) => this.restarted(at, this.id, id)));
    }
    const surplus = [...running.filter((replica) => replica.phase !== "ready"), ...this.ready().toReversed()];
    for (const replica of surplus.slice(0, Math.max(0, running.length - asked))) replica.stop(now);
  }

  ready(): readonly ModelReplica[] {
    return this.replicas.filter((replica) => replica.phase === "ready");
  }

  get nextAt(): number {
    return this.replicas.reduce((least, replica) => Math.min(least, replica.nextAt()), Number.POSITIVE_INFINITY);
  }

  advance(now: number): void {
    for (let index = this.replicas.length - 1; index >= 0; index--) {
      const replica = this.replicas[index];
      replica?.advance(now);
      if (replica?.gone(now)) this.replicas.splice(index, 1);
    }
  }

  /** Nothing is asked for any more and nothing is left. */
  get over(): boolean {
    return this.asked === 0 && this.replicas.length === 0;
  }

  observe(inFlight: number): GroupObservation {
    return {
      digest: this.intent.digest,
      replicas: this.replicas.map((replica) => replica.observe()),
      inFlight,
      problem: this.behaviour.problem,
    };
  }
}
