import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import Database from "libsql";
import { afterEach, beforeEach, expect, it } from "vitest";
import { MAX_STATE_BYTES, MAX_STATES, type SeriesStore } from "../ports/series-store.js";
import { openSeries } from "./open.js";
import { States } from "./states.js";

let directory: string;
let series: SeriesStore;

beforeEach(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), "windlass-series-"));
  series = await openSeries({ directory });
});
afterEach(async () => {
  await series.close();
  await rm(directory, { recursive: true, force: true });
});

it("keeps one document per environment, service and kind, in place of the one before, over a restart", async () => {
  await series.putState("shop/production", "web", "memory", { schema: 1, warmUpMs: 900 });
  await series.putState("shop/production", "web", "checkpoint:d1", { at: 1 });
  await series.putState("shop/production", "web", "checkpoint:d1", { at: 2 });
  await series.putState("shop/staging", "web", "memory", [1, null, "\u0000é"]);
  await series.close();
  series = await openSeries({ directory });
  expect(await series.getState("shop/production", "web", "memory")).toEqual({ schema: 1, warmUpMs: 900 });
  expect(await series.getState("shop/production", "web", "checkpoint:d1")).toEqual({ at: 2 });
  expect(await series.getState("shop/staging", "web", "memory")).toEqual([1, null, "\u0000é"]);
  expect(await series.getState("shop/staging", "api", "memory")).toBeNull();
});

it("forgets what is removed, and removes what was never there", async () => {
  for (let time = 0; time < 2; time++) {
    await series.putState("e", "web", "memory", 1);
    await series.removeState("e", "web", "memory");
    await series.removeState("e", "web", "memory");
    expect(await series.getState("e", "web", "memory")).toBeNull();
  }
});

it("refuses a document that is too large and keeps the one before", async () => {
  await series.putState("e", "web", "memory", "small");
  const bytes = (count: number) => "é".repeat(count / 2);
  const tooLarge = series.putState("e", "web", "memory", bytes(MAX_STATE_BYTES));
  await expect(tooLarge).rejects.toMatchObject({
    code: "series-state-too-large",
    facts: { bytes: MAX_STATE_BYTES + 2 },
  });
  await expect(series.putState("e", "web", "memory", undefined)).rejects.toMatchObject({
    code: "series-state-invalid",
  });
  expect(await series.getState("e", "web", "memory")).toBe("small");
  await series.putState("e", "web", "memory", bytes(MAX_STATE_BYTES - 2));
});

it("keeps no more than so many: the ones that were written longest ago go", () => {
  const db = new Database(":memory:");
  const states = new States(db);
  const key = (index: number) => ["e", `service-${index}`, "memory"] as const;
  db.exec("BEGIN");
  for (let index = 0; index < MAX_STATES; index++) states.put(key(index), String(index));
  states.put(key(0), '"again"');
  states.put(key(MAX_STATES), '"one more"');
  db.exec("COMMIT");
  expect([0, 1, 100, 101, MAX_STATES].map((index) => states.get(key(index)))).toEqual([
    "again",
    null,
    null,
    101,
    "one more",
  ]);
  expect(db.prepare("SELECT count(*) FROM states").raw().get([])).toEqual([MAX_STATES - 99]);
  db.close();
});
