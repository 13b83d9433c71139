import type { EventRecord } from "../../core/model/event.js";
import type { EnvironmentView } from "../../engine/view.js";

/** How a deployment is shown while it goes on: on a terminal, in a pipe, or as JSON. */
export interface Progress {
  event(event: EventRecord): void;
  view(view: EnvironmentView): void;
  /** Something beside the deployment: the control plane is away, a file is uploaded. */
  note(line: string): void;
  /** Ends the drawing; what was drawn stays. */
  end(): void;
}
