import { setImmediate as turn } from "node:timers/promises";
import type { Sqlite } from "./database.js";
import { guarded } from "./database.js";

const PAGE = 1_000;

/**
 * Rows in pages of consecutive sequences `(from, to]`, with a turn of the event loop between them, so that a look at a
 * million records does not hold up the engine. `sql` takes the bounds as its two parameters.
 */
export async function* pages<Row>(db: Sqlite, sql: string, from: number, to: number): AsyncGenerator<readonly Row[]> {
  const statement = db.prepare(sql).raw();
  for (let after = from; after < to; after += PAGE) {
    yield guarded(() => statement.all([after, Math.min(after + PAGE, to)])) as Row[];
    await turn();
  }
}
