// @ts-check
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { within } from "./database.js";

const FILE = /^V(\d{3})__(\w+)\.sql$/;
/** Any number, the same in every replica: only one of them migrates at a time. */
const LOCK = 7_305_811;
const PATIENCE = 60_000;

/**
 * Brings the schema to what this release needs. Idempotent and safe when several replicas start at once. Versions that
 * the database has and this release does not know are left alone: an older release starts beside a newer schema.
 * @param {import("pg").Pool} pool
 * @param {URL} directory
 * @returns {Promise<string[]>} the files that were applied now
 */
export async function migrate(pool, directory) {
  const files = (await readdir(directory)).filter((file) => FILE.test(file)).sort();
  const client = await pool.connect();
  try {
    // Waiting for another replica's migration is not a slow query.
    await client.query(`SET statement_timeout = ${PATIENCE}`);
    await client.query(within(PATIENCE, "SELECT pg_advisory_lock($1)", [LOCK]));
    await client.query(`CREATE TABLE IF NOT EXISTS schema_migrations (
      version integer PRIMARY KEY, file text NOT NULL, sha256 text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())`);
    const { rows } = await client.query("SELECT version, sha256 FROM schema_migrations");
    const applied = new Map(rows.map((row) => [Number(row.version), String(row.sha256)]));
    const now = [];
    for (const file of files) if (await applyOnce(client, directory, file, applied)) now.push(file);
    return now;
  } finally {
    // Ends the session, and with it the lock, even when the unlock could not be sent.
    client.release(true);
  }
}

/**
 * @param {import("pg").PoolClient} client
 * @param {URL} directory
 * @param {string} file
 * @param {Map<number, string>} applied
 */
async function applyOnce(client, directory, file, applied) {
  const version = Number(FILE.exec(file)?.[1]);
  const sql = await readFile(new URL(file, directory), "utf8");
  const sha256 = createHash("sha256").update(sql).digest("hex");
  const before = applied.get(version);
  if (before === sha256) return false;
  if (before !== undefined) throw new Error(`${file} was changed after it had been applied; add a new version instead`);
  await client.query("BEGIN");
  try {
    await client.query(within(PATIENCE, sql));
    await client.query("INSERT INTO schema_migrations (version, file, sha256) VALUES ($1, $2, $3)", [
      version,
      file,
      sha256,
    ]);
    await client.query("COMMIT");
  } catch (error) {
    await client.query("ROLLBACK");
    throw error;
  }
  return true;
}
