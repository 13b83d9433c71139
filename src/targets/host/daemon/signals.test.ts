import { expect, test } from "vitest";
import type { EdgeBlocks } from "../edge/protocol.js";
import { SecondMap } from "../second-map.js";
import { Restarts } from "./signals.js";

const read = (nowSecond: number, edge = "e1"): EdgeBlocks => ({
  edge,
  nowSecond,
  intoSecondMs: 250,
  blocks: [
    { service: "shop/test/web", group: "r1", replica: "web-r1-1", second: 5, total: 10, errors: 1, slow: 2 },
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
    { service: "web", group: "r1", replica: "web-r1-1", second: 5, total: 10, errors: 1, slow: 2, restarts: 1 },
    { service: "web", group: "r1", replica: "web-r1-2", second: 5, total: 0, errors: 0, slow: 0, restarts: 1 },
  ]);
  expect(restarts.merge("shop/test", read(6), 5)).toEqual({ ...first, nowSecond: 6 });
  expect(restarts.merge("shop/test", read(7), 6).blocks).toEqual([]);
  expect(restarts.merge("shop/test", read(0, "e2"), 9).blocks).toEqual([]);
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
