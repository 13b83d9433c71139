import { expect, test } from "vitest";
import { serviceOf } from "../../../../test/edge/story.js";
import type { WindlassError } from "../../../error.js";
import { parseTable } from "./table-schema.js";

const problemsOf = (table: unknown): unknown => {
  try {
    parseTable(table);
  } catch (error) {
    return (error as WindlassError).facts?.problems;
  }
  throw new Error("the table was accepted");
};

test("a good table passes as it is", () => {
  const table = { generation: 3, services: [serviceOf({ weights: { r1: 100 }, groups: { r1: [8080] } })] };
  expect(parseTable(table)).toEqual(table);
});

test("weights that do not sum to 100, unknown groups and doubled listeners are named, all at once", () => {
  const bad = serviceOf({
    weights: { r1: 90, r9: 5 },
    groups: { r1: [] },
    routes: [{ match: { kind: "cookie", name: "a", value: "b" }, group: "r8" }],
  });
  expect(problemsOf({ generation: 1, services: [bad] })).toEqual([
    "services.0.weights: must sum to 100, not 95",
    "services.0.weights.r9: is not a group",
    "services.0.routes: r8 is not a group",
  ]);
  const one = serviceOf({ weights: {}, groups: {}, port: 8080 });
  expect(problemsOf({ generation: 1, services: [one, one] })).toEqual([
    "services: test/test/web is there twice",
    "services: two services listen on 127.0.0.1|8080",
  ]);
});

test("what could break a log line or a header is refused", () => {
  const one = serviceOf({ weights: {}, groups: {} });
  expect(problemsOf({ generation: 1, services: [{ ...one, key: 'a"b' }] })).toHaveLength(1);
  expect(problemsOf({ generation: 1, services: [{ ...one, sticky: { cookie: "a b", ttlMs: 1 } }] })).toHaveLength(1);
});
