import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Resolution, SeriesStore } from "../ports/series-store.js";
import { openSeries } from "./open.js";

const HOUR = 3_600_000;
/** An hour's start, some days after zero. */
const T = 1_000 * HOUR;
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

const block = (
  at: number,
  total: number,
  more: { group?: string; replica?: string; service?: string; errors?: number } = {},
) => ({
  at,
  group: "g1",
  replica: "r1",
  service: "web",
  total,
  errors: 0,
  slow: 0,
  restarts: 0,
  ...more,
});
const read = (resolution: Resolution, from = 0, to = Number.MAX_SAFE_INTEGER) =>
  series.read({ environment: "shop/production", service: "web", from, to, resolution });
const totals = async (resolution: Resolution) => (await read(resolution)).map(({ at, total }) => [at, total]);

describe("the series store", () => {
  it("gives back the blocks of one service in one environment and one span, in order", async () => {
    await series.write("shop/production", [block(T + 2_000, 3), block(T, 1), block(T, 2, { group: "g0" })]);
    await series.write("shop/production", [block(T, 9, { service: "worker" })]);
    await series.write("shop/staging", [block(T, 9)]);
    expect((await read("second")).map(({ at, group, total }) => [at, group, total])).toEqual([
      [T, "g0", 2],
      [T, "g1", 1],
      [T + 2_000, "g1", 3],
    ]);
    expect(await read("second", T + 1, T + 2_000)).toEqual([]);
    const { service: _, ...plain } = block(T + 2_000, 3);
    expect(await read("second", T + 2_000)).toEqual([plain]);
  });

  it("lets a later count of the same second replace the earlier one, in the minute and the hour, too", async () => {
    await series.write("shop/production", [block(T, 5, { errors: 1 }), block(T + 1_000, 1)]);
    await series.write("shop/production", [block(T, 7, { errors: 2 })]);
    expect(await totals("second")).toEqual([
      [T, 7],
      [T + 1_000, 1],
    ]);
    for (const resolution of ["minute", "hour"] as const) {
      expect(await read(resolution)).toMatchObject([{ at: T, total: 8, errors: 2 }]);
    }
  });

  it("keeps seconds 2 hours, minutes 2 days and hours 90 days, and no count is lost on the way", async () => {
    for (let minute = 0; minute < 180; minute += 10) {
      await series.write("shop/production", [block(T + minute * 60_000, 1), block(T + minute * 60_000 + 59_000, 1)]);
    }
    await series.maintain(T + 3 * HOUR);
    expect((await totals("second")).map(([at = 0]) => at).every((at) => at >= T + HOUR)).toBe(true);
    expect(await totals("second")).toHaveLength(24);
    expect(await totals("minute")).toHaveLength(18);
    await series.maintain(T + 51 * HOUR);
    expect([await totals("second"), await totals("hour")]).toEqual([
      [],
      [
        [T, 12],
        [T + HOUR, 12],
        [T + 2 * HOUR, 12],
      ],
    ]);
    expect(await totals("minute")).toEqual([]);
    await series.maintain(T + 91 * 24 * HOUR);
    expect(await totals("hour")).toEqual([]);
  });

  it("passes over what arrives after its second was dropped, also after a restart", async () => {
    await series.write("shop/production", [block(T, 5), block(T + 1_000, 5)]);
    await series.maintain(T + 3 * HOUR);
    await series.close();
    series = await openSeries({ directory });
    await series.write("shop/production", [block(T, 1)]);
    expect([await totals("second"), await totals("minute")]).toEqual([[], [[T, 10]]]);
    // A clock that goes back drops nothing more and brings nothing back.
    await series.maintain(T);
    await series.write("shop/production", [block(T, 1)]);
    expect(await totals("minute")).toEqual([[T, 10]]);
  });

  it("adds up to the same total at every resolution, whatever is written, replaced and dropped", async () => {
    const write = fc.tuple(fc.integer({ min: 0, max: 3 * 3_600 }), fc.nat(50), fc.constantFrom("r1", "r2"));
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(write, { maxLength: 60 }), fc.integer({ min: 0, max: 5 }), async (writes, hours) => {
        run += 1;
        const environment = `e${run}`;
        const last = new Map<string, number>();
        for (const [second, total, replica] of writes) {
          await series.write(environment, [block(T + second * 1_000, total, { replica })]);
          last.set(`${replica}/${second}`, total);
        }
        const kept = await openSeries({ directory: path.join(directory, environment) });
        await kept.write(
          "e",
          writes.map(([second, total, replica]) => block(T + second * 1_000, total, { replica })),
        );
        await kept.maintain(T + hours * HOUR);
        const expected = [...last.values()].reduce((sum, total) => sum + total, 0);
        for (const resolution of ["minute", "hour"] as const) {
          const query = { service: "web", from: 0, to: Number.MAX_SAFE_INTEGER, resolution };
          for (const blocks of [
            await series.read({ environment, ...query }),
            await kept.read({ environment: "e", ...query }),
          ]) {
            expect(blocks.reduce((sum, { total }) => sum + total, 0)).toBe(expected);
          }
        }
        await kept.close();
      }),
      { numRuns: 15 },
    );
  });

  it("starts anew when its file is damaged, and puts the old one aside", async () => {
    await series.close();
    await rm(path.join(directory, "series.db-wal"), { force: true });
    await writeFile(path.join(directory, "series.db"), "garbage ".repeat(1_000));
    series = await openSeries({ directory });
    await series.write("shop/production", [block(T, 5)]);
    expect(await totals("second")).toEqual([[T, 5]]);
    expect(await readdir(directory)).toContain("series.db.damaged");
    expect((await stat(path.join(directory, "series.db"))).mode & 0o777).toBe(0o600);
  });
});
