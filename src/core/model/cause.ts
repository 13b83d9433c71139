import type { Judgement } from "./judgement.js";
import type { ExitReport } from "./observation.js";

/** Why a deployment turned back or ended. The first one is kept; later failures never replace it. */
export interface Cause {
  readonly kind: "verdict" | "not-ready" | "crash" | "smoke" | "too-little-data" | "person" | "superseded" | "stopped";
  readonly service: string | null;
  readonly sentence: string;
  readonly exit: ExitReport | null;
  readonly judgement: Judgement | null;
}
