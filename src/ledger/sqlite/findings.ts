import type { LedgerProblem, ProblemKind } from "../../ports/ledger-audit.js";

const MAX_KEPT = 100;

/** What a verification found; bounded, because a damaged ledger may have as many problems as records. */
export class Findings {
  readonly problems: LedgerProblem[] = [];
  count = 0;

  add(kind: ProblemKind, sequence: number, message: string, record: string | null = null, to = sequence): void {
    this.count += 1;
    if (this.problems.length < MAX_KEPT) this.problems.push({ kind, sequence, to, record, message });
  }
}
