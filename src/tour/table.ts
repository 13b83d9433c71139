/** A measured figure, and what it has to be. */
export interface Row {
  readonly what: string;
  readonly value: string;
  /** What it should be, for people. */
  readonly should: string;
  readonly ok: boolean;
}

/** The closing table; the tour fails when any row is not ok. */
export function renderTable(rows: readonly Row[]): string {
  const width = (pick: (row: Row) => string) => Math.max(...rows.map((row) => pick(row).length));
  const what = width((row) => row.what);
  const value = width((row) => row.value);
  return rows
    .map((row) => `  ${row.ok ? "ok" : "NO"}  ${row.what.padEnd(what)}  ${row.value.padStart(value)}  ${row.should}`)
    .join("\n");
}
