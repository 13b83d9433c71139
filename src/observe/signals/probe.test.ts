import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Measurement } from "../../ports/signal-provider.js";
import { PolledProbe } from "./probe.js";
import type { Source } from "./source.js";
import { unanswered } from "./unanswered.js";

const NOTHING: Measurement = { kind: "data", intervals: [] };
const never = new AbortController().signal;
const reported: unknown[] = [];
const probeOf = (read: Source["read"], close = () => {}): PolledProbe =>
  new PolledProbe({ read, close }, 5_000, (error) => reported.push(error));

beforeEach(() => {
  vi.useFakeTimers();
  reported.length = 0;
});
afterEach(() => {
  vi.useRealTimers();
});

it("does not wait for a source that hears nothing, not even that its time is over", async () => {
  const probe = probeOf(() => new Promise(() => {}));
  const measured = probe.measure(1_000, never);
  await vi.advanceTimersByTimeAsync(5_500);
  expect(await measured).toEqual({ kind: "no-answer", sentence: "no answer within 5 s" });
  const closed = probe.measure(6_000, never);
  const closing = probe.close();
  await vi.advanceTimersByTimeAsync(500);
  await closing;
  expect(await closed).toEqual({ kind: "no-answer", sentence: "the measurement was stopped" });
});

it("lets a source say what it knows better when its time is over", async () => {
  const probe = probeOf(
    (_now, signal) =>
      new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(unanswered("nobody listens")))),
  );
  const measured = probe.measure(1_000, never);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(await measured).toEqual({ kind: "no-answer", sentence: "nobody listens" });
});

it("looks once at a time", async () => {
  let answer: (measurement: Measurement) => void = () => {};
  const probe = probeOf(() => new Promise((resolve) => (answer = resolve)));
  const first = probe.measure(1_000, never);
  expect(await probe.measure(2_000, never)).toEqual({
    kind: "no-answer",
    sentence: "the measurement before has not ended yet",
  });
  answer(NOTHING);
  expect(await first).toEqual(NOTHING);
});

it("calls a bug a bug, and tells of it", async () => {
  const bug = new TypeError("undefined is not a function");
  const probe = probeOf(() => Promise.reject(bug));
  expect(await probe.measure(1_000, never)).toEqual({
    kind: "no-answer",
    sentence: "a bug in Windlass: undefined is not a function",
  });
  expect(reported).toEqual([bug]);
});

it("leaves nothing behind: no timer, no listener, and questions that need no answer any more are stopped", async () => {
  let stopped = false;
  let closed = 0;
  const probe = probeOf(
    async (_now, signal) => {
      signal.addEventListener("abort", () => {
        stopped = true;
      });
      throw unanswered("one of four failed");
    },
    () => {
      closed += 1;
    },
  );
  await probe.measure(1_000, never);
  expect(stopped).toBe(true);
  expect(vi.getTimerCount()).toBe(0);
  await probe.close();
  expect(closed).toBe(1);
});
