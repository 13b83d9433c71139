import type { ControlPlane } from "../../../engine/control-plane.js";
import { WindlassError } from "../../../error.js";
import { type Measured, measured } from "../../../simulate/measure.js";
import { countedBlocks } from "./counted.js";

const TWO_DAYS_MS = 48 * 3_600_000;
const MINUTE_MS = 60_000;

/** What the service answered in the last hour in which it was counted; null: nothing in two days, or never deployed. */
export async function measuredTraffic(
  plane: ControlPlane,
  environment: string,
  service: string,
): Promise<Measured | null> {
  try {
    const { now } = await plane.environment(environment);
    const range = { service, from: now - TWO_DAYS_MS, to: now, resolution: "minute" } as const;
    return measured(await countedBlocks(plane, environment, range), MINUTE_MS);
  } catch (error) {
    // A service or an environment that is new here has no traffic yet.
    if (error instanceof WindlassError && /^(environment|service)-unknown$/.test(error.code)) return null;
    throw error;
  }
}
