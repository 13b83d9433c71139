import path from "node:path";
import type { EventRecord } from "../core/model/event.js";
import { WindlassError } from "../error.js";
import type { OpenLedger } from "./open.js";
import { decodeRecord } from "./record.js";

/** The ledger's verbs as the control plane serves them; the shapes are its `LedgerDesk`. */
export function ledgerDesk(directory: string, ledger: OpenLedger) {
  const { audit } = ledger;
  return {
    async verify(pinned: string | null) {
      const report = await audit.verify(pinned === null ? {} : { pinned: { checkpoint: pinned } });
      return {
        ok: report.sound,
        events: report.size,
        findings: report.problems.map(({ kind, sequence, message }) => ({ code: kind, sequence, sentence: message })),
        checkpoint: await audit.checkpoint(),
      };
    },
    prove: (sequence: number) => audit.prove(sequence),
    async checkpoint() {
      return { note: await audit.checkpoint(), verifierKey: audit.verifierKey };
    },
    async *export(signal: AbortSignal): AsyncIterable<EventRecord> {
      const { lines } = await audit.export();
      let sequence = 0;
      for await (const line of lines) {
        if (signal.aborted) return;
        sequence += 1;
        yield decodeRecord(line, sequence);
      }
    },
    async backup(target: string) {
      // The control plane's working directory is nobody's business: a relative path would lead anywhere.
      const inside = !path.relative(directory, target).startsWith("..");
      if (!path.isAbsolute(target) || inside) {
        throw new WindlassError("ledger-backup-path", `${target} is no place for a backup.`, {
          hint: "Give an absolute path of a new directory, outside of the ledger's own.",
        });
      }
      const { checkpoint } = await audit.backup(target);
      return { path: target, events: Number(checkpoint.split("\n")[1]), note: checkpoint };
    },
  };
}
