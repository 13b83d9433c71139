import { describe, expect, test } from "vitest";
import { standingOf } from "./known.js";

const live = (shape: string, deleting = false) => ({ uid: "u", owner: "shop/production", shape, deleting });
const known = { digest: "d1", shape: "s1", at: 1_000, seen: false };

describe("whether an object is sent again", () => {
  test("an unknown one, and one that is wanted otherwise now, is", () => {
    expect(standingOf(undefined, "d1", live("s1"), 1_000).kind).toBe("new");
    expect(standingOf(known, "d2", live("s1"), 1_000).kind).toBe("new");
  });

  test("one that stands as the server answered is not", () => {
    expect(standingOf(known, "d1", live("s1"), 1_000)).toEqual({ kind: "settled", known: { ...known, seen: true } });
  });

  test("a local copy that is late is waited for, not mistaken for somebody's change", () => {
    expect(standingOf(known, "d1", live("s0"), 1_100).kind).toBe("settled");
    expect(standingOf(known, "d1", undefined, 1_100).kind).toBe("settled");
    expect(standingOf(known, "d1", live("s0"), 20_000).kind).toBe("changed-by-others");
  });

  test("once it was seen as it was sent, every difference is somebody's", () => {
    const seen = { ...known, seen: true };
    expect(standingOf(seen, "d1", live("s2"), 1_100).kind).toBe("changed-by-others");
    expect(standingOf(seen, "d1", undefined, 1_100).kind).toBe("gone");
    expect(standingOf(seen, "d1", live("s1", true), 1_100).kind).toBe("gone");
  });

  test("what is left as somebody made it, gone included, is not told again", () => {
    expect(standingOf({ ...known, shape: "", seen: true }, "d1", undefined, 99_000).kind).toBe("settled");
  });
});
