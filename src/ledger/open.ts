import type { LedgerAudit } from "../ports/ledger-audit.js";
import type { LedgerStore } from "../ports/ledger-store.js";
import { SqliteLedger, type SqliteOptions } from "./sqlite/store.js";

export type OpenLedgerOptions = SqliteOptions;

export type OpenLedger = LedgerStore & { readonly audit: LedgerAudit };

/** Opens the ledger in a directory, or begins a new one. Rejects with `ledger-corrupt`, `ledger-format`, `ledger-unreadable`. */
export async function openLedger(options: OpenLedgerOptions): Promise<OpenLedger> {
  return new SqliteLedger(options);
}
