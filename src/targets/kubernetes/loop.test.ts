import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Loop, type Next, SETTLE_MS } from "./loop.js";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function loopOf(...answers: readonly Next[]): { readonly loop: Loop; runs: () => number } {
  let runs = 0;
  const work = async (): Promise<Next> => answers[runs++] ?? { kind: "never" };
  return { loop: new Loop(work, () => Date.now()), runs: () => runs };
}
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

test("several changes are one run, a moment after the first", async () => {
  const { loop, runs } = loopOf();
  loop.kick(SETTLE_MS);
  loop.kick(SETTLE_MS);
  await pass(SETTLE_MS - 1);
  expect(runs()).toBe(0);
  await pass(1);
  expect(runs()).toBe(1);
  await pass(60_000);
  expect(runs()).toBe(1);
});

test("what comes while it runs is looked at afterwards", async () => {
  const { loop, runs } = loopOf();
  loop.kick(0);
  loop.kick(0);
  expect(runs()).toBe(1);
  await pass(SETTLE_MS);
  expect(runs()).toBe(2);
});

test("a retry is not hurried by changes, but by who asks for it at once", async () => {
  const { loop, runs } = loopOf({ kind: "retry", ms: 10_000 }, { kind: "retry", ms: 10_000 });
  loop.kick(0);
  await pass(0);
  loop.kick(SETTLE_MS);
  await pass(9_999);
  expect(runs()).toBe(1);
  await pass(1);
  expect(runs()).toBe(2);
  loop.kick(0);
  await pass(0);
  expect(runs()).toBe(3);
});

test("what is due later comes sooner when something happens", async () => {
  const { loop, runs } = loopOf({ kind: "after", ms: 30_000 });
  loop.kick(0);
  await pass(1);
  loop.kick(SETTLE_MS);
  await pass(SETTLE_MS);
  expect(runs()).toBe(2);
});

test("nothing runs after it was closed", async () => {
  const { loop, runs } = loopOf({ kind: "after", ms: 100 });
  loop.kick(0);
  await pass(1);
  loop.close();
  loop.kick(0);
  await pass(60_000);
  expect(runs()).toBe(1);
});
