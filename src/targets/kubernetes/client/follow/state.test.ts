import { describe, expect, it } from "vitest";
import type { InformerTimings } from "../api.js";
import { type FollowState, follow, type Heard, nextStep, STARTING } from "./state.js";

const TIMINGS: InformerTimings = {
  pageSize: 500,
  watchSeconds: 300,
  idleMs: 75_000,
  resyncMs: 600_000,
  backoffMs: [200, 10_000],
};
const having = (...heard: Heard[]): FollowState => heard.reduce(follow, STARTING);
const next = (state: FollowState, now = 0) => nextStep(state, now, TIMINGS, 1);
const listed: Heard = { type: "listed", version: "100", now: 0 };
const ended = (how: "closed" | "idle" | "expired" | "failed" | "resync", livedMs = 0): Heard => ({
  type: "watch-ended",
  how,
  livedMs,
});

describe("what an informer does next", () => {
  it("lists, then watches from the list's version until the next whole list is due", () => {
    expect(next(STARTING)).toEqual({ do: "list", afterMs: 0 });
    expect(next(having(listed), 1_000)).toEqual({ do: "watch", afterMs: 0, version: "100", resyncInMs: 599_000 });
    expect(next(having(listed), 600_000)).toMatchObject({ do: "list" });
  });

  it("goes on from the last version heard, which never goes back", () => {
    const state = having(listed, { type: "heard", version: "120" }, { type: "heard", version: "99" }, ended("failed"));
    expect(next(state)).toMatchObject({ do: "watch", version: "120" });
  });

  it("waits longer with every failure, up to a bound, and not at all once it heard something", () => {
    const failing = Array.from({ length: 9 }, () => ended("failed"));
    expect([1, 2, 3, 9].map((times) => next(having(listed, ...failing.slice(0, times))).afterMs)).toEqual([
      200, 400, 800, 10_000,
    ]);
    expect(next(having(listed, ...failing, { type: "heard", version: "101" }, ended("closed", 60_000))).afterMs).toBe(
      0,
    );
  });

  it("does not list in a loop when every version has expired at once", () => {
    const state = having(listed, ended("expired"), listed, ended("expired"), listed, ended("expired"));
    expect(next(state)).toEqual({ do: "list", afterMs: 800 });
  });

  it("does not watch in a loop when a server ends every watch at once", () => {
    expect(next(having(listed, ended("closed"), ended("closed"))).afterMs).toBe(400);
    expect(next(having(listed, ended("closed"), ended("closed", 300_000))).afterMs).toBe(0);
  });

  it("begins a list again from its first page when a page failed", () => {
    expect(next(having(listed, { type: "list-failed" }))).toEqual({ do: "list", afterMs: 200 });
  });
});
