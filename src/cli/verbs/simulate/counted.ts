import type { Block } from "../../../core/model/judgement.js";
import type { ControlPlane } from "../../../engine/control-plane.js";
import type { Resolution } from "../../../ports/series-store.js";

interface SeriesQuestion {
  readonly service: string;
  /** Engine milliseconds, from inclusive, to exclusive. */
  readonly from: number;
  readonly to: number;
  readonly resolution: Resolution;
}

type WithSeries = ControlPlane & {
  series(environment: string, question: SeriesQuestion): Promise<readonly Block[]>;
};

/** What the control plane has counted; null: it does not tell. */
export async function countedBlocks(
  plane: ControlPlane,
  environment: string,
  question: SeriesQuestion,
): Promise<readonly Block[] | null> {
  if (!("series" in plane)) return null;
  return (plane as WithSeries).series(environment, question);
}
