import type { KnownRecord } from "../model/event.js";
import type { EnvironmentState } from "../model/state.js";
import { evolve } from "./evolve.js";

/**
 * State after many events in a row, the same as {@link evolve} gives one by one. Nobody sees the states in between, so
 * the revisions, which are kept for ever, are added to one object instead of being copied for each new one.
 */
export class Replay {
  #state: EnvironmentState;
  #revisions: Record<string, EnvironmentState["revisions"][string]>;

  constructor(from: EnvironmentState) {
    this.#revisions = { ...from.revisions };
    this.#state = { ...from, revisions: this.#revisions };
  }

  add(record: KnownRecord): void {
    if (record.type !== "revision.registered@1") {
      this.#state = evolve(this.#state, record, record);
      return;
    }
    // Everything but the revision itself is evolve's to say: where the stream stands, and the keys of commands.
    const { revision } = record.data;
    const { revisions: _one, ...rest } = evolve({ ...this.#state, revisions: {} }, record, record);
    this.#revisions[revision.id] = revision;
    this.#state = { ...rest, revisions: this.#revisions };
  }

  /** Ends it: what is added later must not change a state that somebody has. */
  end(): EnvironmentState {
    const state = this.#state;
    this.#revisions = { ...this.#revisions };
    this.#state = { ...state, revisions: this.#revisions };
    return state;
  }
}
