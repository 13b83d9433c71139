// @ts-check
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";

const FILE = /^V(\d{3})__\w+\.sql$/;
/** A number of our own: one replica migrates, the others wait for it. */
const LOCK = 20_251_105;
const PATIENCE_MS = 60_000;

/**
 * Brings the schema to what this release needs and returns the files that were applied now. A schema that is newer than
 * this release is left as it is: migrations only expand, so both releases work with it.
 * @param {import("pg").Pool} pool
 * @param {URL} folder of `V001__name.sql` files
 * @param {(client: import("pg").PoolClient) => Promise<void>} afterwards done by one replica at a time, too
 */
export async function migrate(pool, folder, afterwards) {
  const client = await pool.connect();
  try {
    await client.query(`SET statement_timeout = ${PATIENCE_MS}`);
    await client.query(patiently("SELECT pg_advisory_lock($1)", [LOCK]));
    await client.query(
      "CREATE TABLE IF NOT EXISTS migrations (version integer PRIMARY KEY, file text, digest text, at timestamptz DEFAULT now())",
    );
    const { rows } = await client.query("SELECT version, digest FROM migrations");
    const known = new Map(rows.map(({ version, digest }) => [version, digest]));
    const applied = [];
    for (const file of (await readdir(folder)).sort())
      if (await applyOnce(client, folder, file, known)) applied.push(file);
    await afterwards(client);
    return applied;
  } finally {
    // Ends the session, and with it the lock and a transaction that failed.
    client.release(true);
  }
}

/**
 * The file and its record, or nothing.
 * @param {import("pg").PoolClient} client
 * @param {URL} folder
 * @param {string} file
 * @param {Map<number, string>} known digests by version
 */
async function applyOnce(client, folder, file, known) {
  const version = Number(FILE.exec(file)?.[1]);
  const sql = await readFile(new URL(file, folder), "utf8");
  const digest = createHash("sha256").update(sql).digest("hex");
  if (known.get(version) === digest) return false;
  if (known.has(version)) throw new Error(`${file} has changed since it was applied; write a new one instead`);
  await client.query("BEGIN");
  await client.query(patiently(sql));
  await client.query("INSERT INTO migrations (version, file, digest) VALUES ($1, $2, $3)", [version, file, digest]);
  await client.query("COMMIT");
  return true;
}

/**
 * pg reads `query_timeout` here; its types do not know that.
 * @param {string} text
 * @param {unknown[]} [values]
 */
function patiently(text, values = []) {
  return /** @type {import("pg").QueryConfig} */ ({ text, values, query_timeout: PATIENCE_MS });
}
