import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { MemoryDisk, MemoryLedger } from "../../src/ledger/memory.js";
import { openLedger } from "../../src/ledger/open.js";
import type { LedgerStore } from "../../src/ports/ledger-store.js";
import { event, ledgerStoreContract } from "./ledger-store.js";

ledgerStoreContract("The model in memory", async () => {
  const disk = new MemoryDisk();
  const stores: LedgerStore[] = [];
  const open = async (on: MemoryDisk) => {
    const store = new MemoryLedger(on);
    stores.push(store);
    return store;
  };
  return {
    open: () => open(disk),
    async openFull() {
      const full = new MemoryDisk();
      full.full = true;
      return open(full);
    },
    async end() {
      for (const store of stores) await store.close();
    },
  };
});

ledgerStoreContract("SQLite", async () => {
  const directory = await mkdtemp(path.join(os.tmpdir(), "windlass-ledger-"));
  const stores: LedgerStore[] = [];
  const keep = async (opening: Promise<LedgerStore>) => {
    const store = await opening;
    stores.push(store);
    return store;
  };
  return {
    open: () => keep(openLedger({ directory: path.join(directory, "ledger") })),
    async openFull() {
      const limit = { pages: 200, reservedPages: 60 };
      const store = await keep(openLedger({ directory: path.join(directory, "full"), limit }));
      for (let version = 0; ; version += 1) {
        const outcome = await store.append("filler", version, [event("filler", "x".repeat(3_000))]).catch((e) => e);
        if (outcome instanceof Error) return store;
      }
    },
    async end() {
      for (const store of stores) await store.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
});
