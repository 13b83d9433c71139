import { expect, test } from "vitest";
import { Connections } from "./connections.js";

test("a request that must not be repeated gets no connection that has been idle; one that may be does", () => {
  const connections = new Connections("127.0.0.1", 9);
  const first = connections.take(0, false);
  connections.release(first, 100, false);
  expect(connections.take(1_050, false)).toBe(first);
  connections.release(first, 1_100, false);
  const fresh = connections.take(2_200, false);
  expect(fresh).not.toBe(first);
  expect(connections.take(2_200, true)).toBe(first);
  connections.destroy();
});

test("the connection used last is used next, so that the others run out and are closed", () => {
  const connections = new Connections("127.0.0.1", 9);
  const [one, two] = [connections.take(0, true), connections.take(0, true)];
  connections.release(one, 0, false);
  connections.release(two, 5_000, false);
  expect(connections.take(6_000, true)).toBe(two);
  connections.sweep(11_000);
  expect(one.client.closed).toBe(true);
  expect(two.client.closed).toBe(false);
  connections.destroy();
});

test("a draining replica's connections close: the idle ones now, the others when their request is done", () => {
  const connections = new Connections("127.0.0.1", 9);
  const [idle, busy] = [connections.take(0, true), connections.take(0, true)];
  connections.release(idle, 0, false);
  connections.retire();
  expect([idle.client.closed, busy.client.closed]).toEqual([true, false]);
  connections.release(busy, 1, false);
  expect(busy.client.closed).toBe(true);
});
