import { expect, test } from "vitest";
import { counted, edgeBlocks, signals as signalsSchema } from "../counted.js";
import { Counts } from "../edge/counts.js";
import type { EdgeBlocks } from "../edge/protocol.js";
import { readSignals } from "../reading.js";
import { SecondMap, type SignalCursor } from "../second-map.js";
import { Restarts } from "./signals.js";

const latencies = { 4: 8, 40: 2 };
const read = (nowSecond: number, edge = "e1"): EdgeBlocks => ({
  edge,
  nowSecond,
  intoSecondMs: 250,
  blocks: [
    { service: "shop/test/web", group: "r1", replica: "web-r1-1", second: 5, total: 10, errors: 1, slow: 2, latencies },
    { service: "shop/testing/web", group: "r1", replica: "web-r1-1", second: 5, total: 99, errors: 0, slow: 0 },
  ],
});
const one = { environment: "shop/test", service: "web", group: "r1", number: 1, id: "web-r1-1" };

test("a restart is in the block of its replica and second, and stays there when it is read again", () => {
  const restarts = new Restarts();
  restarts.add(one);
  restarts.add({ ...one, number: 2, id: "web-r1-2" });
  const first = restarts.merge("shop/test", read(5), 0);
  expect(first.blocks).toEqual([
    {
      service: "web",
      group: "r1",
      replica: "web-r1-1",
      second: 5,
      total: 10,
      errors: 1,
      slow: 2,
      latencies,
      restarts: 1,
    },
    { service: "web", group: "r1", replica: "web-r1-2", second: 5, total: 0, errors: 0, slow: 0, restarts: 1 },
  ]);
  expect(restarts.merge("shop/test", read(6), 5)).toEqual({ ...first, nowSecond: 6, nextSecond: 6 });
  expect(restarts.merge("shop/test", read(7), 6).blocks).toEqual([]);
  expect(restarts.merge("shop/test", read(0, "e2"), 9).blocks).toEqual([]);
});

test("a restart never comes into a second that was over for somebody, however late another answer of the edge is", () => {
  const restarts = new Restarts();
  restarts.merge("shop/test", read(6), 5);
  restarts.add(one);
  const late = restarts.merge("shop/test", { ...read(5), blocks: [] }, 5);
  expect(late.blocks.map(({ second, restarts: count }) => [second, count])).toEqual([[6, 1]]);
  expect(late.nextSecond).toBe(5);
});

test("a second of the edge keeps its place in engine time, however the reading is delayed", () => {
  const seconds = new SecondMap();
  const signals = (nowSecond: number, intoSecondMs: number) => ({
    edge: "e1",
    nowSecond,
    intoSecondMs,
    blocks: [{ service: "web", group: "r1", replica: "1", second: 5, total: 1, errors: 0, slow: 0, restarts: 0 }],
  });
  const first = seconds.place(signals(5, 250), null, 1_000_480);
  expect(first.blocks[0]?.at).toBe(1_000_000);
  // Half a second late: measured alone, this would be another second.
  const second = seconds.place(signals(6, 0), seconds.parse(first.cursor), 1_001_600);
  expect(second.blocks[0]?.at).toBe(1_000_000);
  // The machine slept, or the edge is another one: measured anew.
  expect(seconds.place(signals(6, 0), seconds.parse(first.cursor), 1_061_000).blocks[0]?.at).toBe(1_060_000);
  expect(seconds.place({ ...signals(6, 0), edge: "e2" }, seconds.parse(first.cursor), 1_001_600).blocks[0]?.at).toBe(
    1_001_000,
  );
  expect(() => seconds.parse("nonsense")).toThrow(/cursor/);
});

test("what the edge gave in full is final, and another edge changes nothing of it", () => {
  const seconds = new SecondMap();
  const block = (second: number) => ({ service: "web", group: "r1", replica: "1", second, ...NONE });
  const first = { edge: "e1", nowSecond: 90, intoSecondMs: 0, nextSecond: 60, blocks: [block(59), block(60)] };
  const half = seconds.place(first, null, 1_090_000);
  expect(half.completeTo).toBe(1_060_000);
  const whole = seconds.place({ ...first, nextSecond: 90, blocks: [] }, seconds.parse(half.cursor), 1_090_500);
  expect(whole.completeTo).toBe(1_090_000);
  // Its second 0 began within the last final one.
  const next = { edge: "e2", nowSecond: 1, intoSecondMs: 100, blocks: [block(0), block(1)] };
  const after = seconds.place(next, seconds.parse(whole.cursor), 1_090_499);
  expect([after.completeTo, after.blocks.map(({ at }) => at)]).toEqual([1_090_000, [1_090_000]]);
});

test("who was away for ten minutes is up to date after one reading, whatever an answer holds at most", async () => {
  const counts = new Counts();
  for (let index = 0; index < 40; index++)
    for (let second = 0; second < 600; second++)
      counts.replica("shop/test/web", "r1", `web-r1-${index}`).count(second, false, false, 3);
  const restarts = new Restarts();
  let asked = 0;
  const page = async (after: SignalCursor | null) => {
    asked += 1;
    const since = after?.second ?? 0;
    const head = { edge: "e1", nowSecond: 599, intoSecondMs: 500 };
    return restarts.merge("shop/test", { ...head, ...counts.blocks(since, 599, "shop/test/") }, since);
  };
  const reading = await readSignals(page, null, () => 1_599_500);
  expect(asked).toBe(20);
  expect(reading.completeTo).toBe(1_599_000);
  expect(new Set(reading.blocks.map(({ replica, at }) => `${replica} ${at}`)).size).toBe(40 * 600);
  expect((await readSignals(page, reading.cursor, () => 1_599_500)).blocks.map(({ at }) => at)).toEqual(
    Array(40).fill(1_599_000),
  );
});

const NONE = { total: 1, errors: 0, slow: 0, restarts: 0 };

test("what another process counted is looked at before it is believed", () => {
  const good = read(5);
  expect(counted(edgeBlocks, good, "edge")).toEqual(good);
  // The edge and the daemon of the version before say nothing about latencies, and not where to go on.
  const older = { ...good, blocks: good.blocks.map(({ latencies: _, ...block }) => ({ ...block, restarts: 0 })) };
  expect(counted(signalsSchema, JSON.parse(JSON.stringify(older)), "daemon")).toEqual(older);
  for (const wrong of [{ 72: 1 }, { "-1": 1 }, { 4: 0.5 }, { 4: -1 }, { x: 1 }, [1], null, "4"]) {
    const answer = { ...good, blocks: [{ ...good.blocks[0], latencies: wrong }] };
    expect(() => counted(edgeBlocks, answer, "edge")).toThrow(/blocks.0.latencies: must be counts by bucket/);
  }
  expect(() => counted(signalsSchema, good, "daemon")).toThrow(/restarts/);
});
