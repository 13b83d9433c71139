import type { ControlPlane } from "../../../engine/control-plane.js";
import { WindlassError } from "../../../error.js";
import { type Measured, measured } from "../../../simulate/measure.js";
import { countedBlocks } from "./counted.js";

const TWO_DAYS_MS = 48 * 3_600_000;
const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const FEW_MS = 4 * MINUTE_MS;

/** What the service answered in the last hour in which it was counted; null: nothing in two days, or never deployed. */
export async function measuredTraffic(
  plane: ControlPlane,
  environment: string,
  service: string,
): Promise<Measured | null> {
  try {
    const { now } = await plane.environment(environment);
    const range = { service, from: now - TWO_DAYS_MS, to: now };
    const minutes = await countedBlocks(plane, environment, { ...range, resolution: "minute" });
    const first = minutes.find(({ total }) => total > 0)?.at ?? now;
    if (now - first > FEW_MS) return measured(minutes, MINUTE_MS);
    // It has just begun: parts of minutes would say less than there is.
    const seconds = await countedBlocks(plane, environment, { ...range, from: first, resolution: "second" });
    return measured(seconds, SECOND_MS);
  } catch (error) {
    // A service or an environment that is new here has no traffic yet.
    if (error instanceof WindlassError && /^(environment|service)-unknown$/.test(error.code)) return null;
    throw error;
  }
}
