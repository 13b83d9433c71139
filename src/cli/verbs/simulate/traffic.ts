import type { ControlPlane } from "../../../engine/control-plane.js";
import { WindlassError } from "../../../error.js";
import { type Measured, measured } from "../../../simulate/measure.js";
import { countedBlocks } from "./counted.js";

const HOUR_MS = 3_600_000;

/** What the service answered in the last hour; null: nothing was counted, or it was never deployed. */
export async function measuredTraffic(
  plane: ControlPlane,
  environment: string,
  service: string,
): Promise<Measured | null> {
  try {
    const { now } = await plane.environment(environment);
    const from = now - HOUR_MS;
    const blocks = await countedBlocks(plane, environment, { service, from, to: now, resolution: "minute" });
    return blocks === null ? null : measured(blocks, from, now);
  } catch (error) {
    if (error instanceof WindlassError && error.code === "environment-unknown") return null;
    throw error;
  }
}
