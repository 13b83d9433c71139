import { mkdtemp, open, readdir, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import Database from "libsql";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { NewEvent } from "../../core/model/event.js";
import { openLedger } from "../open.js";
import { Reserve } from "./reserve.js";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), "windlass-sqlite-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const event: NewEvent = { type: "a@1", data: {}, at: 1, wall: "2026-11-21T08:00:00.000Z", by: "engine", key: null };

describe("a ledger's file that is not what it should be", () => {
  it("is refused when it is no database", async () => {
    await writeFile(path.join(directory, "ledger.db"), "garbage ".repeat(2_000));
    await expect(openLedger({ directory })).rejects.toMatchObject({
      code: "ledger-corrupt",
      hint: expect.stringContaining("backup"),
    });
  });

  it("is refused when a page of it was overwritten", async () => {
    const ledger = await openLedger({ directory });
    for (let n = 0; n < 200; n += 1) await ledger.append("s", n, [{ ...event, data: "x".repeat(500) }]);
    await ledger.close();
    const file = await open(path.join(directory, "ledger.db"), "r+");
    const { size } = await file.stat();
    const junk = Buffer.alloc(4_096, 0x5a);
    for (let at = 4_096; at + 4_096 <= size; at += 4_096) await file.write(junk, 0, 4_096, at);
    await file.close();
    await expect(openLedger({ directory })).rejects.toMatchObject({ code: "ledger-corrupt" });
  });

  it("is refused when its last record was changed", async () => {
    const ledger = await openLedger({ directory });
    await ledger.append("s", 0, [event]);
    await ledger.close();
    const db = new Database(path.join(directory, "ledger.db"));
    db.exec("UPDATE events SET record = replace(record, 'engine', 'nobody')");
    db.close();
    await expect(openLedger({ directory })).rejects.toMatchObject({ code: "ledger-corrupt", facts: { sequence: 1 } });
  });

  it("is refused when a newer Windlass wrote it", async () => {
    await (await openLedger({ directory })).close();
    const db = new Database(path.join(directory, "ledger.db"));
    db.exec("UPDATE meta SET value = '2' WHERE name = 'format'");
    db.close();
    await expect(openLedger({ directory })).rejects.toMatchObject({ code: "ledger-format" });
  });

  it("is refused when its place is taken by a file", async () => {
    await writeFile(path.join(directory, "file"), "");
    await expect(openLedger({ directory: path.join(directory, "file") })).rejects.toMatchObject({
      code: "ledger-unreadable",
    });
  });
});

describe("the ledger in SQLite", () => {
  it("gives a listener's bug neither to the writer nor to silence", async () => {
    const ledger = await openLedger({ directory });
    // The test runner's own listeners would take the bug for a failed test.
    const runners = process.listeners("uncaughtException");
    process.removeAllListeners("uncaughtException");
    const surfaced = new Promise((resolve) => process.once("uncaughtException", resolve));
    const heard: string[] = [];
    ledger.subscribe(() => {
      throw new Error("a bug of mine");
    });
    ledger.subscribe((records) => heard.push(...records.map((record) => record.type)));
    try {
      await ledger.append("s", 0, [event]);
      expect(await surfaced).toMatchObject({ message: "a bug of mine" });
    } finally {
      for (const runner of runners) process.on("uncaughtException", runner);
    }
    expect(heard).toEqual(["a@1"]);
    await ledger.close();
  });

  it("sees what another process has written, and refuses to write over it", async () => {
    const [one, two] = [await openLedger({ directory }), await openLedger({ directory })];
    await one.append("s", 0, [event]);
    await expect(two.append("s", 0, [event])).rejects.toMatchObject({ code: "ledger-conflict" });
    await two.append("s", 1, [event]);
    await one.append("s", 2, [event]);
    expect(await one.audit.verify()).toMatchObject({ sound: true, size: 3 });
    await one.close();
    await two.close();
  });

  it("bounds how many appends may wait", async () => {
    const ledger = await openLedger({ directory });
    const waiting = Array.from({ length: 10_001 }, (_, n) => ledger.append(`s${n}`, 0, [event]));
    const refused = (await Promise.allSettled(waiting)).filter(({ status }) => status === "rejected");
    expect(refused).toMatchObject([{ reason: { code: "ledger-overloaded", retry: "safe" } }]);
    await ledger.close();
  });

  it("commits what was waiting when it is closed", async () => {
    const ledger = await openLedger({ directory });
    const waiting = ledger.append("s", 0, [event]);
    await ledger.close();
    expect(await waiting).toHaveLength(1);
  });
});

describe("the reserve", () => {
  it("takes its room, gives it, and takes it again; one that a crash left half written counts as none", async () => {
    const reserve = new Reserve(directory, 100_000);
    expect([reserve.held, await readdir(directory)]).toEqual([true, ["reserve"]]);
    reserve.release();
    expect([reserve.held, await readdir(directory)]).toEqual([false, []]);
    expect(reserve.restore()).toBe(true);
    await writeFile(path.join(directory, "reserve"), "half");
    expect(new Reserve(directory, 100_000).held).toBe(true);
    expect(new Reserve(directory, 2 ** 60).held).toBe(false);
  });
});
