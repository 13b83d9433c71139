import { describe, expect, test } from "vitest";
import { sample } from "../../test/report/sample.js";
import { binOf, coursesOf, MAX_BINS } from "./course.js";
import type { ReportInput } from "./report.js";

const CALM = { errors: 0.001, slow: 0.01 };
const HARMFUL = { seed: 2, requestsPerSecond: 200, stable: CALM, canary: { errors: 0.05, slow: 0.01 } };

function coursesIn({ story, counted }: ReportInput) {
  const [service] = story.services;
  const known = counted.api;
  if (service === undefined || known === undefined) return expect.fail();
  return { service, known, courses: coursesOf(service, known) };
}

describe("the course of a rollout", () => {
  test("ends at the very numbers that decided", () => {
    const input = sample(HARMFUL);
    const [errors] = coursesIn(input).courses;
    const decided = input.story.cause?.judgement?.signals.find(({ signal }) => signal === "errors");
    expect(decided?.verdict).toBe("fail");
    const last = errors?.points.at(-1);
    expect(last).toMatchObject({ verdict: "fail", canary: decided?.canary, stable: decided?.stable });
    expect(last?.comparison).toEqual(decided?.comparison);
    expect(last?.at).toBe(input.story.turnedAt);
  });

  test("ends at them, too, where the target's seconds begin earlier than they say", () => {
    const { story, counted } = sample(HARMFUL);
    const { service } = coursesIn({ story, counted } as ReportInput);
    const decided = story.cause?.judgement?.signals.find(({ signal }) => signal === "errors");
    const [errors] = coursesOf({ ...service, until: service.until - 400 }, counted.api ?? expect.fail());
    expect(errors?.points.at(-1)).toMatchObject({ verdict: "fail", canary: decided?.canary });
    expect(errors?.points.at(-1)?.at).toBe(service.until - 400);
  });

  test("has its signals in the spec's order, in bins as wide as one can see", () => {
    const { courses } = coursesIn(sample({ ...HARMFUL, canary: CALM, seed: 1 }));
    expect(courses.map(({ signal }) => signal)).toEqual(["errors", "slow"]);
    for (const { points, binMs, since } of courses) {
      expect(points.length).toBeLessThanOrEqual(MAX_BINS);
      expect(points.length).toBeGreaterThan(MAX_BINS / 3);
      expect(new Set(points.map(({ at }) => at)).size).toBe(points.length);
      for (const { at } of points.slice(0, -1)) expect((at - since) % binMs).toBe(0);
    }
  });

  test("a span of any length has whole blocks and at most so many bins", () => {
    expect([0, 1_000, 240_000, 241_000, 3_600_000].map((span) => binOf(span, 1_000))).toEqual([
      1_000, 1_000, 1_000, 2_000, 15_000,
    ]);
    expect(binOf(90_000, 60_000)).toBe(60_000);
  });

  test("one second is one point", () => {
    const { service, known } = coursesIn(sample(HARMFUL));
    const since = service.since ?? 0;
    const first = known.blocks.filter(({ at }) => at < since + 1_000);
    const courses = coursesOf({ ...service, until: since + 1_000 }, { ...known, blocks: first });
    for (const { points } of courses) expect(points.length).toBe(1);
  });

  test("what is not compared, not counted, or counted by others has none", () => {
    expect(
      coursesIn(sample({ ...HARMFUL, analysis: null, stages: [{ share: 10, minMs: 1_000, maxMs: 2_000 }] })).courses,
    ).toEqual([]);
    const { service, known } = coursesIn(sample(HARMFUL));
    expect(coursesOf(service, { ...known, blocks: [] })).toEqual([]);
    expect(coursesOf({ ...service, since: null }, known)).toEqual([]);
    expect(coursesOf({ ...service, spec: null }, known)).toEqual([]);
  });
});
