import type { Block } from "../../../core/model/judgement.js";
import { type ControlPlane, SERIES_SPAN, type SeriesRange } from "../../../engine/control-plane.js";

const WIDTH = { second: 1_000, minute: 60_000, hour: 3_600_000 } as const;

/** What the control plane has counted, however long the range is. */
export async function countedBlocks(
  plane: ControlPlane,
  environment: string,
  { service, from, to, resolution }: SeriesRange,
): Promise<readonly Block[]> {
  const blocks: Block[] = [];
  const span = SERIES_SPAN * WIDTH[resolution];
  for (let begin = from; begin < to; begin += span) {
    const range = { service, from: begin, to: Math.min(to, begin + span), resolution };
    for (const block of await plane.series(environment, range)) blocks.push(block);
  }
  return blocks;
}
