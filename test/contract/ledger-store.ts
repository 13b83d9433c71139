import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { EventRecord, NewEvent } from "../../src/core/model/event.js";
import type { LedgerStore } from "../../src/ports/ledger-store.js";

/** One ledger under test. Each `open` is another control plane's view of the same ledger. */
export interface LedgerWorld {
  open(): Promise<LedgerStore>;
  /** A new ledger, on a disk that has room for nothing but what is reserved. */
  openFull(): Promise<LedgerStore>;
  end(): Promise<void>;
}

export function event(name: string, data: unknown = {}): NewEvent {
  return { type: `${name}@1`, data, at: 1_000, wall: "2026-11-21T08:00:00.000Z", by: "user:ada", key: null };
}

export async function all(records: AsyncIterable<EventRecord>): Promise<EventRecord[]> {
  const result: EventRecord[] = [];
  for await (const record of records) result.push(record);
  return result;
}

const types = (records: readonly EventRecord[]) => records.map((record) => record.type);

/** What every LedgerStore must do, as stories. */
export function ledgerStoreContract(name: string, begin: () => Promise<LedgerWorld>): void {
  describe(`${name} keeps the contract of a ledger`, () => {
    let world: LedgerWorld;
    let ledger: LedgerStore;
    beforeEach(async () => {
      world = await begin();
      ledger = await world.open();
    });
    afterEach(() => world.end());

    it("numbers events in their stream and in the whole ledger, from 1 and without gaps", async () => {
      await ledger.append("shop/production", 0, [event("a"), event("b")]);
      await ledger.append("shop/staging", 0, [event("c")]);
      const [last] = await ledger.append("shop/production", 2, [event("d")]);
      expect(last).toMatchObject({ stream: "shop/production", version: 3, sequence: 4, type: "d@1", by: "user:ada" });
      expect((await all(ledger.readAll(0))).map((record) => record.sequence)).toEqual([1, 2, 3, 4]);
      expect((await all(ledger.read("shop/production", 0))).map((record) => record.version)).toEqual([1, 2, 3]);
      expect(await ledger.streams()).toEqual([
        { stream: "shop/production", version: 3 },
        { stream: "shop/staging", version: 1 },
      ]);
    });

    it("reads after a version or a sequence, and nothing of a stream that is not there", async () => {
      await ledger.append("s", 0, [event("a"), event("b"), event("c")]);
      expect(types(await all(ledger.read("s", 1)))).toEqual(["b@1", "c@1"]);
      expect(types(await all(ledger.readAll(2)))).toEqual(["c@1"]);
      expect(await all(ledger.read("none", 0))).toEqual([]);
    });

    it("gives back what was appended, as plain JSON", async () => {
      const data = { z: 1, a: [null, 'é \u2028 "', { deep: true }], gone: undefined, n: 1e21, "10": "x", empty: {} };
      const [written] = await ledger.append("s", 0, [{ ...event("a", data), key: "k-1" }]);
      const [read] = await all(ledger.read("s", 0));
      expect(read).toEqual(written);
      expect(read?.data).toStrictEqual(JSON.parse(JSON.stringify(data)));
      expect(read?.key).toBe("k-1");
    });

    it("refuses a writer who saw an older version, and writes nothing of it", async () => {
      await ledger.append("s", 0, [event("a")]);
      await expect(ledger.append("s", 0, [event("b"), event("c")])).rejects.toMatchObject({
        code: "ledger-conflict",
        retry: "after-refresh",
      });
      await expect(ledger.append("s", 5, [event("b")])).rejects.toMatchObject({ code: "ledger-conflict" });
      expect(types(await all(ledger.readAll(0)))).toEqual(["a@1"]);
    });

    it("lets one of several racing writers win, and fails only those who lost", async () => {
      const outcomes = await Promise.allSettled([
        ledger.append("s", 0, [event("first")]),
        ledger.append("s", 0, [event("second")]),
        ledger.append("other", 0, [event("third")]),
        ledger.append("s", 1, [event("fourth")]),
      ]);
      expect(outcomes.map((outcome) => outcome.status)).toEqual(["fulfilled", "rejected", "fulfilled", "fulfilled"]);
      expect(types(await all(ledger.readAll(0)))).toEqual(["first@1", "third@1", "fourth@1"]);
    });

    it("refuses what JSON cannot say or what is too large, with all that came with it", async () => {
      for (const data of [{ n: Number.NaN }, { f: () => 1 }, { b: 1n }, [undefined]]) {
        await expect(ledger.append("s", 0, [event("good"), event("bad", data)])).rejects.toMatchObject({
          code: "ledger-event-invalid",
        });
      }
      await expect(ledger.append("s", 0, [event("big", "x".repeat(1_100_000))])).rejects.toMatchObject({
        code: "ledger-event-too-large",
      });
      await expect(ledger.append("s", 0, [])).rejects.toMatchObject({ code: "ledger-event-invalid" });
      expect(await all(ledger.readAll(0))).toEqual([]);
    });

    it("tells subscribers what is durable, in order, until they stop", async () => {
      const heard: number[] = [];
      const stop = ledger.subscribe((records) => heard.push(...records.map((record) => record.sequence)));
      await Promise.all(["a", "b", "c"].map((stream) => ledger.append(stream, 0, [event("x"), event("y")])));
      stop();
      await ledger.append("a", 2, [event("z")]);
      expect(heard).toEqual([1, 2, 3, 4, 5, 6]);
    });

    it("reads on while others append, over many pages", async () => {
      await ledger.append(
        "s",
        0,
        Array.from({ length: 1_200 }, (_, index) => event("e", { index })),
      );
      let seen = 0;
      for await (const record of ledger.readAll(0)) {
        seen += 1;
        expect(record.sequence).toBe(seen);
        if (seen === 700) await ledger.append("s", 1_200, [event("late")]);
      }
      expect(seen).toBe(1_201);
    });

    it("has everything after it was closed and opened again", async () => {
      await ledger.append("s", 0, [event("a"), event("b")]);
      await ledger.close();
      await expect(ledger.append("s", 2, [event("c")])).rejects.toMatchObject({ code: "ledger-closed" });
      const again = await world.open();
      expect(types(await all(again.readAll(0)))).toEqual(["a@1", "b@1"]);
      await again.append("s", 2, [event("c")]);
    });

    it("is driven by one holder at a time; the term rises with each", async () => {
      const other = await world.open();
      const lease = await ledger.acquire("first", 60_000);
      await expect(other.acquire("second", 60_000)).rejects.toMatchObject({ code: "ledger-in-use" });
      await expect(other.append("s", 0, [event("a")])).rejects.toMatchObject({ code: "ledger-in-use" });
      await ledger.append("s", 0, [event("a")]);
      await lease.renew();
      await lease.release();
      const next = await other.acquire("second", 60_000);
      expect(next.term).toBe(lease.term + 1);
      await other.append("s", 1, [event("b")]);
      expect(types(await all(ledger.readAll(0)))).toEqual(["a@1", "b@1"]);
    });

    it("fences a holder whose time was over and whose place was taken", async () => {
      const other = await world.open();
      const late = await ledger.acquire("late", 0);
      await ledger.append("s", 0, [event("still mine")]);
      await other.acquire("second", 60_000);
      await expect(ledger.append("s", 1, [event("too late")])).rejects.toMatchObject({ code: "ledger-lease-lost" });
      await expect(late.renew()).rejects.toMatchObject({ code: "ledger-lease-lost" });
      await late.release();
      await other.append("s", 1, [event("new holder")]);
      expect(types(await all(other.readAll(0)))).toEqual(["still mine@1", "new holder@1"]);
    });

    it("gives the ledger to the next when its holder closes, and to the holder itself again at any time", async () => {
      const first = await ledger.acquire("me", 60_000);
      const second = await ledger.acquire("me", 60_000);
      expect(second.term).toBe(first.term + 1);
      await expect(first.renew()).rejects.toMatchObject({ code: "ledger-lease-lost" });
      await ledger.close();
      const third = await (await world.open()).acquire("you", 60_000);
      expect(third.term).toBe(second.term + 1);
    });

    it("refuses events on a full disk, halves none, and still takes those of a rollback", async () => {
      const full = await world.openFull();
      await full.acquire("a control plane that starts now", 60_000);
      const before = await all(full.readAll(0));
      const big = "x".repeat(20_000);
      const [refused, racing] = await Promise.allSettled([
        full.append("new", 0, [event("a", big), event("b", big)]),
        full.append("rollback", 0, [event("back", big)], { fromReserve: true }),
      ]);
      expect(refused).toMatchObject({ status: "rejected", reason: { code: "ledger-disk-full", retry: "safe" } });
      expect(racing.status).toBe("fulfilled");
      await full.append("rollback", 1, [event("done")], { fromReserve: true });
      await expect(full.append("new", 0, [event("a", big)])).rejects.toMatchObject({ code: "ledger-disk-full" });
      expect(types(await all(full.readAll(before.length)))).toEqual(["back@1", "done@1"]);
    });
  });
}
