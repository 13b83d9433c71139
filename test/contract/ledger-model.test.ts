import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import fc from "fast-check";
import { expect, it } from "vitest";
import { WindlassError } from "../../src/error.js";
import { MemoryLedger } from "../../src/ledger/memory.js";
import { openLedger } from "../../src/ledger/open.js";
import type { LedgerStore } from "../../src/ports/ledger-store.js";
import { all, event } from "./ledger-store.js";

const append = fc.record({
  stream: fc.constantFrom("a", "b", "c"),
  expected: fc.integer({ min: 0, max: 6 }),
  data: fc.array(fc.jsonValue(), { minLength: 1, maxLength: 3 }),
  /** Whether the writer waits, or races with the next one. */
  waits: fc.boolean(),
});

async function outcome(work: Promise<unknown>): Promise<unknown> {
  return work.catch((error: unknown) => {
    if (error instanceof WindlassError) return error.toJSON();
    throw error;
  });
}

it("SQLite and the model answer alike and hold the same, whatever is appended in whatever order", async () => {
  const room = await mkdtemp(path.join(os.tmpdir(), "windlass-model-"));
  let run = 0;
  try {
    await fc.assert(
      fc.asyncProperty(fc.array(append, { maxLength: 25 }), async (appends) => {
        run += 1;
        const directory = path.join(room, String(run));
        const sqlite = await openLedger({ directory });
        const answers = async (store: LedgerStore) => {
          const waiting: Promise<unknown>[] = [];
          for (const { stream, expected, data, waits } of appends) {
            const answer = outcome(
              store.append(
                stream,
                expected,
                data.map((each) => event("e", each)),
              ),
            );
            waiting.push(answer);
            if (waits) await answer;
          }
          return [await Promise.all(waiting), await all(store.readAll(0)), await store.streams()];
        };
        expect(await answers(sqlite)).toEqual(await answers(new MemoryLedger()));
        expect(await sqlite.audit.verify()).toMatchObject({ sound: true });
        await sqlite.close();
      }),
      { numRuns: 25 },
    );
  } finally {
    await rm(room, { recursive: true, force: true });
  }
});
