import { removeContainer, stopContainer } from "../../../docker/containers.js";
import { type Connection, isAway } from "./connection.js";

const TRY_AGAIN_MS = 1_000;
/** After so many refusals a container that has ended is left for later: whoever waits for the replica to be gone goes on. */
const REFUSALS = 3;

export interface RemovalOptions {
  readonly connection: Connection;
  readonly now: () => number;
  /** The container is gone, or nobody has to wait for it. */
  readonly done: () => void;
  /** It has ended, and the Engine cannot take it away. */
  readonly leaveBehind: (id: string) => void;
  readonly failed: (error: unknown) => void;
}

/** Takes away the container of a replica that is over, until it is gone. */
export class Removal {
  private phase: "none" | "runs" | "failed" | "done" = "none";
  private againAt = 0;
  private refusals = 0;

  constructor(private readonly options: RemovalOptions) {}

  get begun(): boolean {
    return this.phase !== "none";
  }

  get isDone(): boolean {
    return this.phase === "done";
  }

  get isDue(): boolean {
    return this.phase === "failed" && this.options.now() >= this.againAt;
  }

  /** `id`: null when there never was one. */
  begin(id: string | null, stopGraceMs: number): void {
    this.phase = "runs";
    this.takeAway(id, stopGraceMs).then(
      () => {
        this.phase = "done";
        this.options.done();
      },
      (error: unknown) => {
        if (!isAway(error)) this.options.failed(error);
        this.phase = "failed";
        this.againAt = this.options.now() + TRY_AGAIN_MS;
      },
    );
  }

  private async takeAway(id: string | null, stopGraceMs: number): Promise<void> {
    if (id === null) return;
    const { connection, leaveBehind } = this.options;
    // One that the Engine is about to start again is told to end first: it may be running by then.
    await connection.use((engine) => stopContainer(engine, id, stopGraceMs));
    try {
      await connection.use((engine) => removeContainer(engine, id));
    } catch (error) {
      this.refusals += 1;
      if (isAway(error) || this.refusals < REFUSALS) throw error;
      leaveBehind(id);
    }
  }
}
