import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalJson } from "./canonical-json.js";
import { digestOf } from "./digest.js";

/** The same content with every object's keys in another order. */
function shuffled(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shuffled);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, member]) => [key, shuffled(member)]),
  );
}

const json = fc.jsonValue({ depthSize: "medium" });

describe("canonical JSON", () => {
  it("reads back as the same value", () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it("does not depend on the order of keys, and neither does the digest", () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(canonicalJson(shuffled(value))).toBe(canonicalJson(value));
        expect(digestOf(shuffled(value))).toBe(digestOf(value));
      }),
    );
  });

  it("gives different text to different values", () => {
    fc.assert(
      fc.property(json, json, (a, b) => {
        const same = JSON.stringify(inOrder(a)) === JSON.stringify(inOrder(b));
        expect(canonicalJson(a) === canonicalJson(b)).toBe(same);
      }),
    );
  });

  it("sorts by UTF-16 code unit and writes numbers as RFC 8785 shows them", () => {
    const value = { "\u20ac": 1, "\r": 2, "1": 3, "\ud83d\ude00": 4, "\u0080": 5, "\u00f6": 6, "\ufb33": 7 };
    expect(canonicalJson(value)).toBe('{"\\r":2,"1":3,"\u0080":5,"\u00f6":6,"\u20ac":1,"\ud83d\ude00":4,"\ufb33":7}');
    expect(canonicalJson([333333333.3333333, 1e30, 4.5, 2e-3, 1e-27, -0])).toBe(
      "[333333333.3333333,1e+30,4.5,0.002,1e-27,0]",
    );
  });

  it("leaves undefined properties out and refuses what JSON cannot say", () => {
    expect(canonicalJson({ b: undefined, a: 1 })).toBe('{"a":1}');
    expect(() => canonicalJson({ a: [1, Number.NaN] })).toThrow("$.a[1] is NaN");
    expect(() => canonicalJson([undefined])).toThrow("$[0] is a undefined");
    expect(() => canonicalJson({ at: new Date(0) })).toThrow("$.at is not a plain object");
    expect(() => canonicalJson("\ud800")).toThrow("lone surrogate");
    const ring: Record<string, unknown> = {};
    ring.self = ring;
    expect(() => canonicalJson(ring)).toThrow("$.self contains itself");
  });

  it("digests like anybody else's SHA-256", () => {
    const expected = createHash("sha256").update('{"a":"ü"}').digest("hex");
    expect(digestOf({ a: "ü" })).toBe(`sha256:${expected}`);
  });
});

function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (value === null || typeof value !== "object") return value;
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, member]) => [`k${key}`, inOrder(member)])
    .concat([["object"]]);
}
