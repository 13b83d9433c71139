import type { EventRecord } from "../../core/model/event.js";
import type { EnvironmentView } from "../../engine/view.js";
import type { Cli } from "../context.js";
import { json } from "../output.js";
import type { Progress } from "./progress.js";

/** NDJSON: events as they are stored, and views. */
export class JsonProgress implements Progress {
  readonly #cli: Cli;

  constructor(cli: Cli) {
    this.#cli = cli;
  }

  event(event: EventRecord): void {
    json(this.#cli, { kind: "event", event });
  }

  view(view: EnvironmentView): void {
    json(this.#cli, { kind: "view", view });
  }

  note(line: string): void {
    json(this.#cli, { kind: "note", text: line });
  }

  end(): void {
    return;
  }
}
