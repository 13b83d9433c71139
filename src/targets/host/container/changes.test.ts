import { describe, expect, test } from "vitest";
import { changes, type Known } from "./changes.js";
import { millisecondsBetween, nanoseconds } from "./nanoseconds.js";
import type { ContainerSeen } from "./seen.js";

const at = (seconds: number): string => new Date(1_800_000_000_000 + seconds * 1_000).toISOString();
const NEVER = "0001-01-01T00:00:00Z";

const running: ContainerSeen = {
  id: "c1",
  digest: "d",
  instance: "i",
  alive: true,
  restarting: false,
  pid: 100,
  startedAt: at(0),
  finishedAt: NEVER,
  exitCode: 0,
  outOfMemory: false,
  restarts: 0,
  error: "",
  port: 20_000,
  address: null,
  gateway: null,
  environment: [],
};
const fresh: Known = { id: "c1", run: null, restarts: 0 };
const told: Known = { id: "c1", run: at(0), restarts: 0 };
const waiting = (restarts: number, exitCode = 3): ContainerSeen => ({
  ...running,
  alive: false,
  restarting: true,
  pid: 0,
  finishedAt: at(2),
  exitCode,
  restarts,
});

describe("between two looks at a container", () => {
  test("one that was started begins to run, once", () => {
    const first = changes(fresh, running);
    expect(first).toMatchObject({ ends: [], began: at(0), known: told });
    expect(changes(first.known, running)).toMatchObject({ ends: [], began: null });
  });

  test("one that ended and waits for the Engine's next start has its exit code and the time that it ran", () => {
    const { known, ends, began } = changes(told, waiting(1));
    expect(ends).toHaveLength(1);
    expect(ends[0]?.exit).toMatchObject({ code: 3, known: true, ranMs: 2_000 });
    expect(began).toBeNull();
    // The next run is no second end.
    const next = { ...running, startedAt: at(3), finishedAt: at(2), restarts: 1 };
    expect(changes(known, next)).toMatchObject({ ends: [], began: at(3) });
  });

  test("one that ended and runs again has an end, whose code has to be asked for", () => {
    const { ends, began } = changes(told, { ...running, startedAt: at(3), finishedAt: at(2), restarts: 1 });
    expect(ends).toHaveLength(1);
    expect(ends[0]).toMatchObject({ began: at(0), finished: at(2), exit: { code: null, known: false, ranMs: 2_000 } });
    expect(began).toBe(at(3));
  });

  test("want of memory is known even when it runs again", () => {
    const { ends } = changes(told, { ...running, startedAt: at(3), finishedAt: at(2), restarts: 1, outOfMemory: true });
    expect(ends[0]?.exit.outOfMemory).toBe(true);
  });

  test("ends that nobody saw are counted, and the last one is known", () => {
    const { ends, known } = changes(told, waiting(4));
    expect(ends).toHaveLength(4);
    expect(ends.at(-1)?.exit).toMatchObject({ code: 3, known: true });
    expect(changes(known, waiting(4)).ends).toEqual([]);
    expect(changes(told, waiting(100_000)).ends).toHaveLength(100);
  });

  test("one that somebody stopped, or that ended with the Engine, did not end by itself", () => {
    const stopped = { ...waiting(0, 143), restarting: false };
    const [end] = changes(told, stopped).ends;
    expect(end?.exit).toMatchObject({ code: 143, known: false });
    expect(end?.exit.because).toContain("from outside");
    // After its own restart the Engine counts from 0.
    const again = changes({ ...told, restarts: 5 }, { ...running, startedAt: at(9), finishedAt: at(8) });
    expect(again).toMatchObject({ began: at(9), known: { restarts: 0 } });
    expect(again.ends).toHaveLength(1);
  });

  test("one that is gone, or whose name another has, has ended once", () => {
    const gone = changes(told, null);
    expect(gone.ends[0]?.exit).toMatchObject({ known: false, because: "somebody removed its container" });
    expect(changes(gone.known, null).ends).toEqual([]);
    expect(changes(told, { ...running, id: "c2" }).ends).toHaveLength(1);
  });
});

test("the Engine's times have any number of decimals", () => {
  expect(nanoseconds("2026-11-28T12:53:02.98615571Z") - nanoseconds("2026-11-28T12:53:02Z")).toBe(986_155_710n);
  expect(nanoseconds("2026-11-28T12:53:02.1Z")).toBeLessThan(nanoseconds("2026-11-28T12:53:02.15Z"));
  expect(nanoseconds("2026-11-28T14:53:02+02:00")).toBe(nanoseconds("2026-11-28T12:53:02Z"));
  expect(millisecondsBetween("2026-11-28T12:53:02.5Z", "2026-11-28T12:53:03.75Z")).toBe(1_250);
  expect(millisecondsBetween("2026-11-28T12:53:03Z", "2026-11-28T12:53:02Z")).toBe(0);
});
