import type { ControlPlane } from "../engine/control-plane.js";
import { WindlassError } from "../error.js";
import type { Cli } from "./context.js";

const AWAY_MS = 30_000;
const PAUSE_MS = 200;

/**
 * Asks, and asks again while the control plane is away; it is started again meanwhile. Only for questions, and for
 * commands with an idempotency key: the first one may have arrived. Rejects with what was last wrong after 30 s.
 */
export async function insist<T>(
  cli: Pick<Cli, "connect" | "now" | "sleep">,
  plane: ControlPlane,
  question: (plane: ControlPlane) => Promise<T>,
): Promise<T> {
  let asked: ControlPlane | null = plane;
  let awaySince: number | null = null;
  for (;;) {
    try {
      asked ??= await cli.connect();
      return await question(asked);
    } catch (error) {
      awaySince ??= cli.now();
      if (!isAway(error) || cli.now() - awaySince > AWAY_MS) throw error;
    }
    asked = null;
    await cli.sleep(PAUSE_MS);
  }
}

function isAway(error: unknown): boolean {
  return error instanceof WindlassError && error.code === "control-plane-unreachable" && error.retry === "safe";
}
