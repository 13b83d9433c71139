import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import fc from "fast-check";
import Database from "libsql";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LATENCY_BUCKETS } from "../core/analysis/latency.js";
import { decodeLatencies, encodeLatencies } from "./latencies.js";
import { openSeries } from "./open.js";

const T = 3_600_000_000;
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), "windlass-series-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const block = (at: number, latencies?: Record<number, number>) => {
  const counts = { at, group: "g1", replica: "r1", total: 5, errors: 1, slow: 0, restarts: 0 };
  return latencies === undefined ? counts : { ...counts, latencies };
};
const web = <T extends object>(one: T) => ({ ...one, service: "web" });

describe("latencies in the series store", () => {
  it("are a second's, and what was not measured stays not measured", async () => {
    const series = await openSeries({ directory });
    await series.write("e", [web(block(T, { 3: 4, 71: 1 })), web(block(T + 1_000)), web(block(T + 2_000, {}))]);
    await series.write("e", [web(block(T, { 3: 4, 20: 300 }))]);
    const query = { environment: "e", service: "web", from: T, to: T + 60_000 };
    const seconds = [block(T, { 3: 4, 20: 300 }), block(T + 1_000), block(T + 2_000, {})];
    expect(await series.read({ ...query, resolution: "second" })).toEqual(seconds);
    expect(await series.read({ ...query, resolution: "minute" })).toEqual([{ ...block(T), total: 15, errors: 3 }]);
    await series.close();
  });

  it("come out of their bytes as they went in, a few bytes for a second", () => {
    const bucket = fc.nat(LATENCY_BUCKETS - 1).map(String);
    fc.assert(
      fc.property(fc.dictionary(bucket, fc.oneof(fc.integer({ min: 1, max: 300 }), fc.maxSafeNat())), (latencies) => {
        const counted = Object.fromEntries(Object.entries(latencies).filter(([, count]) => count > 0));
        expect(decodeLatencies(encodeLatencies(latencies))).toEqual(counted);
      }),
      { seed: 4 },
    );
    expect(encodeLatencies({ 19: 12, 20: 40, 21: 80, 22: 40, 23: 127, 40: 1 })).toHaveLength(12);
  });

  it("are added to a file of a version before there were any, and its counts stay", async () => {
    const before = new Database(path.join(directory, "series.db"));
    before.exec(`CREATE TABLE seconds (
      environment TEXT NOT NULL, service TEXT NOT NULL, at INTEGER NOT NULL, grp TEXT NOT NULL, replica TEXT NOT NULL,
      total INTEGER NOT NULL, errors INTEGER NOT NULL, slow INTEGER NOT NULL, restarts INTEGER NOT NULL,
      PRIMARY KEY (environment, service, at, grp, replica)) WITHOUT ROWID`);
    before.prepare("INSERT INTO seconds VALUES ('e', 'web', ?, 'g1', 'r1', 5, 1, 0, 0)").run([T]);
    before.close();
    for (const latencies of [{ 3: 5 }, { 4: 5 }]) {
      const series = await openSeries({ directory });
      await series.write("e", [web(block(T + 1_000, latencies))]);
      const query = { environment: "e", service: "web", from: T, to: T + 60_000, resolution: "second" } as const;
      expect(await series.read(query)).toEqual([block(T), block(T + 1_000, latencies)]);
      await series.close();
    }
  });
});
