import { describe, expect, test } from "vitest";
import { ARGO } from "./argo.js";
import { FLAGGER } from "./flagger.js";
import { KAYENTA, KAYENTA_EARLY } from "./kayenta.js";
import type { Counts, Rival, Rollout } from "./rival.js";
import { pooledZ, Z_TEST } from "./z-test.js";

/** The canary's bad requests by the second, of 20; stable's one of 180 in each. */
function rollout(
  seconds: number,
  badOf: (second: number) => number,
  totalOf: (second: number) => number = () => 20,
): Rollout {
  const counts = (bad: (second: number) => number, total: (second: number) => number): Counts => ({
    bad: Float64Array.from({ length: seconds }, (_, i) => bad(i)),
    total: Float64Array.from({ length: seconds }, (_, i) => total(i)),
  });
  return {
    seconds,
    stable: counts(
      () => 1,
      () => 180,
    ),
    canary: counts(badOf, totalOf),
  };
}

const published = (rival: Rival, seen: Rollout) => rival.decide(seen)[rival.published];

describe("as Flagger: five minutes over 1 %", () => {
  test("2 of 100 requests bad: rolled back with the fifth check", () => {
    expect(
      published(
        FLAGGER,
        rollout(600, (i) => (i % 5 === 0 ? 2 : 0)),
      ),
    ).toBe(300);
  });

  test("exactly 1 % is not above 1 %", () => {
    expect(
      published(
        FLAGGER,
        rollout(3_600, (i) => (i % 5 === 0 ? 1 : 0)),
      ),
    ).toBe(0);
  });

  test("good minutes between the bad ones take nothing back", () => {
    // Every other minute is bad: the fifth bad one is the ninth.
    expect(
      published(
        FLAGGER,
        rollout(3_600, (i) => (Math.floor(i / 60) % 2 === 0 ? 1 : 0)),
      ),
    ).toBe(540);
  });

  test("four bad minutes are forgiven", () => {
    expect(
      published(
        FLAGGER,
        rollout(3_600, (i) => (i < 240 ? 20 : 0)),
      ),
    ).toBe(0);
  });

  test("a canary without requests fails its checks", () => {
    expect(
      published(
        FLAGGER,
        rollout(
          600,
          () => 0,
          () => 0,
        ),
      ),
    ).toBe(300);
  });
});

describe("as Argo Rollouts: 5-minute windows over 5 %, three may fail", () => {
  test("2 of 20 bad: the fourth failed measurement fails the run", () => {
    expect(
      published(
        ARGO,
        rollout(3_600, () => 2),
      ),
    ).toBe(1_200);
  });

  test("a minute of nothing but errors drowns in no window: 20 % of five minutes", () => {
    const oneOfFive = (i: number) => (i % 300 < 60 ? 20 : 0);
    expect(published(ARGO, rollout(3_600, oneOfFive))).toBe(1_200);
    expect(
      published(
        ARGO,
        rollout(3_600, (i) => (i < 900 ? oneOfFive(i) : 0)),
      ),
    ).toBe(0);
  });

  test("exactly 5 % meets the condition", () => {
    expect(
      published(
        ARGO,
        rollout(3_600, () => 1),
      ),
    ).toBe(0);
  });
});

describe("as Kayenta: one look at 50 minutes", () => {
  test("a canary with 2 to 3 % against 0.6 %: High, after 50 points", () => {
    expect(
      published(
        KAYENTA,
        rollout(3_600, (i) => (i % 4 === 0 ? 1 + (Math.floor(i / 60) % 3) : 0)),
      ),
    ).toBe(3_000);
  });

  test("fewer than 50 minutes: not judged", () => {
    expect(
      published(
        KAYENTA,
        rollout(2_940, () => 20),
      ),
    ).toBe(0);
  });

  test("a better canary is not failed", () => {
    expect(
      published(
        KAYENTA,
        rollout(3_600, (i) => (i % 600 === 0 ? 1 : 0)),
      ),
    ).toBe(0);
  });

  test("with fewer points per look it decides sooner, with a larger allowed increase not at all", () => {
    const decisions = KAYENTA_EARLY.decide(rollout(3_600, (i) => (i % 4 === 0 ? 1 + (Math.floor(i / 60) % 3) : 0)));
    const at = (setting: string) => decisions[KAYENTA_EARLY.settings.indexOf(setting)];
    expect(at("10 points 0.25 ×1")).toBe(600);
    expect(at("10 points 0.25 ×3")).toBe(600);
    expect(at("10 points 0.25 ×5")).toBe(0);
  });
});

describe("the z-test", () => {
  test("a worked case: 30 of 1,000 against 15 of 1,000", () => {
    // pooled 0.0225, standard error √(0.0225 · 0.9775 · 0.002) = 0.0066323, difference 0.015.
    expect(pooledZ(15, 1_000, 30, 1_000)).toBeCloseTo(2.26169, 4);
  });

  test("nothing to compare is no evidence", () => {
    expect(pooledZ(0, 0, 3, 10)).toBe(0);
    expect(pooledZ(0, 100, 0, 10)).toBe(0);
    expect(pooledZ(100, 100, 10, 10)).toBe(0);
  });

  test("decides in the second in which the counts so far pass the level", () => {
    // Stable 1 of 180 a second, canary 1 of 20: after t seconds z = 1.8951 √t, so 2.326 is passed after 2 and 9 after 23.
    const decisions = Z_TEST.decide(rollout(600, () => 1));
    expect(pooledZ(1, 180, 1, 20)).toBeCloseTo(1.8951, 4);
    expect(decisions[Z_TEST.published]).toBe(2);
    expect(decisions[Z_TEST.settings.indexOf("z > 9")]).toBe(23);
    expect(decisions[Z_TEST.settings.indexOf("z > 150")]).toBe(0);
  });
});

test("a stricter setting never decides before a looser one", () => {
  const seen = rollout(3_600, (i) => (Math.floor(i / 90) % 3 === 0 ? 2 : i % 7 === 0 ? 1 : 0));
  const z = [...Z_TEST.decide(seen)].map((second) => (second === 0 ? Number.POSITIVE_INFINITY : second));
  expect(z).toEqual([...z].sort((a, b) => a - b));
});
