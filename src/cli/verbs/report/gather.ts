import type { KnownRecord } from "../../../core/model/event.js";
import type { Block } from "../../../core/model/judgement.js";
import type { ControlPlane } from "../../../engine/control-plane.js";
import { understand } from "../../../engine/known-events.js";
import type { Counted } from "../../../report/course.js";
import type { ServiceStory } from "../../../report/service-story.js";
import type { Story } from "../../../report/story.js";
import { countedBlocks } from "../simulate/counted.js";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** What is still kept of each service that it changed, and the hour before, by which the analysis learns. */
export async function countedIn(plane: ControlPlane, story: Story): Promise<Readonly<Record<string, Counted>>> {
  const found: Record<string, Counted> = {};
  const from = Math.floor(story.startedAt ?? story.requestedAt) - HOUR_MS;
  const to = Math.ceil(story.endedAt ?? story.now) + 1_000;
  for (const one of story.services) {
    if (one.action !== "roll-out") continue;
    const counted = await countedOf(plane, story.environment, one, Math.max(0, from), to);
    if (counted !== null) found[one.service] = counted;
  }
  return found;
}

/** Seconds while all of them are kept, else minutes. */
async function countedOf(
  plane: ControlPlane,
  environment: string,
  { service, canary, stable }: ServiceStory,
  from: number,
  to: number,
): Promise<Counted | null> {
  const read = (resolution: "second" | "minute") =>
    countedBlocks(plane, environment, { service, from, to, resolution });
  const [seconds, minutes] = [await read("second"), await read("minute")];
  // The first and the last minute reach beyond the span, where a release that settled goes on answering.
  const [begin, end] = [Math.ceil(from / MINUTE_MS) * MINUTE_MS, Math.floor(to / MINUTE_MS) * MINUTE_MS];
  const known = (blocks: readonly Block[]) =>
    blocks.reduce((sum, { at, group, total }) => (group === canary && at >= begin && at < end ? sum + total : sum), 0);
  const [fine, coarse] = [known(seconds), known(minutes)];
  const isWhole = fine >= 0.9 * coarse && seconds.length > 0;
  const counted = isWhole ? { blocks: seconds, blockMs: 1_000 } : { blocks: minutes, blockMs: 60_000 };
  return counted.blocks.some(({ group }) => group === canary || group === stable) ? counted : null;
}

const PAGE = 1_000;

/** Labels of revisions are in old events, so all are read; pages keep each answer small. */
export async function allEvents(plane: ControlPlane, environment: string): Promise<readonly KnownRecord[]> {
  const events: KnownRecord[] = [];
  for (let version = 0; ; ) {
    const page = await plane.history(environment, version, PAGE);
    for (const event of page) events.push(understand(event));
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return events;
    version = last.version;
  }
}
