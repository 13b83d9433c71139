import fc from "fast-check";
import { expect, test } from "vitest";
import type { SignalReading } from "../ports/target.js";
import { FinalSeconds, type ServiceBlock } from "./seconds.js";

function block(at: number, total: number, replica = "a", service = "web"): ServiceBlock {
  return { service, at, group: "r1", replica, total, errors: 0, slow: 0, restarts: 0 };
}

function reading(completeTo: number, ...blocks: readonly ServiceBlock[]): SignalReading {
  return { cursor: "", completeTo, blocks };
}

/** What came out, as `<second>:<requests>`. */
function outOf(seconds: FinalSeconds, given: SignalReading): readonly string[] {
  return seconds.add(given).map(({ at, blocks }) => {
    const totals = [...(blocks.get("web") ?? [])].map(({ total }) => total);
    return `${at / 1_000}:${totals.join("+")}`;
  });
}

test("a second comes out once it is over, with what was sent of it last", () => {
  const seconds = new FinalSeconds();
  expect(outOf(seconds, reading(5_000, block(5_000, 3)))).toEqual([]);
  expect(outOf(seconds, reading(5_000, block(5_000, 7), block(5_000, 1, "b")))).toEqual([]);
  expect(outOf(seconds, reading(6_000, block(5_000, 9), block(6_000, 4)))).toEqual(["5:9+1"]);
  expect(outOf(seconds, reading(7_000))).toEqual(["6:4"]);
});

test("a second in which nobody answered comes out, too", () => {
  const seconds = new FinalSeconds();
  seconds.add(reading(5_000));
  expect(outOf(seconds, reading(8_000, block(6_000, 2)))).toEqual(["5:", "6:2", "7:"]);
});

test("what comes after its second is too late: it is not told again", () => {
  const seconds = new FinalSeconds();
  seconds.add(reading(5_000));
  expect(outOf(seconds, reading(6_000, block(5_000, 1)))).toEqual(["5:1"]);
  expect(outOf(seconds, reading(6_000, block(5_000, 8)))).toEqual([]);
  expect(outOf(seconds, reading(5_000, block(4_000, 8)))).toEqual([]);
  expect(outOf(seconds, reading(7_000, block(4_000, 8)))).toEqual(["6:"]);
});

test("services are told apart; a machine that slept for days goes through the last one", () => {
  const seconds = new FinalSeconds();
  seconds.add(reading(0));
  const [first] = seconds.add(reading(1_000, block(0, 1), block(0, 2, "a", "api")));
  expect([...(first?.blocks ?? [])].map(([service, blocks]) => [service, blocks[0]?.total])).toEqual([
    ["web", 1],
    ["api", 2],
  ]);
  expect(seconds.add(reading(10 * 86_400_000))).toHaveLength(86_400);
});

test("however readings are cut, each second comes out exactly once, in order", () => {
  const cuts = fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(cuts, (steps) => {
      const seconds = new FinalSeconds();
      seconds.add(reading(0));
      const seen: string[] = [];
      let to = 0;
      for (const step of steps) {
        const from = to;
        to += step * 1_000;
        // A source sends its running second again and again.
        const blocks = Array.from({ length: step + 1 }, (_, index) => block(from + index * 1_000, 1 + index));
        seen.push(...outOf(seconds, reading(to, ...blocks)).map((text) => text.split(":")[0] ?? ""));
      }
      expect(seen).toEqual(Array.from({ length: to / 1_000 }, (_, second) => String(second)));
    }),
  );
});
