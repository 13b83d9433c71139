import { expect, test } from "vitest";
import { FakePlane } from "../../../../test/cli/fake-plane.js";
import { sample } from "../../../../test/report/sample.js";
import type { Block } from "../../../core/model/judgement.js";
import { countedIn } from "./gather.js";

const CALM = { errors: 0.001, slow: 0.01 };

function world(answeredLater: number) {
  const { story, counted } = sample({ seed: 2, requestsPerSecond: 200, stable: CALM, canary: CALM });
  const blocks = counted.api?.blocks ?? [];
  const plane = new FakePlane();
  plane.blocks = [...blocks];
  const ended = minuteOf(story.endedAt ?? 0);
  const later: Block = { at: ended, group: "r2", replica: "b", total: answeredLater, errors: 0, slow: 0, restarts: 0 };
  const minutes = [...blocks.map((block) => ({ ...block, at: minuteOf(block.at) })), later];
  const seconds = plane.series.bind(plane);
  plane.series = async (environment, range) =>
    range.resolution === "minute"
      ? minutes.filter(({ at }) => at >= minuteOf(range.from) && at < range.to)
      : seconds(environment, range);
  return { story, plane, blocks };
}

function minuteOf(at: number): number {
  return Math.floor(at / 60_000) * 60_000;
}

test("what a release that settled answers later in its last minute makes the chart no coarser", async () => {
  const { story, plane } = world(1_000_000);
  expect((await countedIn(plane, story)).api?.blockMs).toBe(1_000);
});

test("where seconds of the rollout are gone, minutes are taken", async () => {
  const { story, plane, blocks } = world(0);
  plane.blocks = blocks.filter(({ at }) => at >= (story.endedAt ?? 0) - 60_000);
  expect((await countedIn(plane, story)).api?.blockMs).toBe(60_000);
});
