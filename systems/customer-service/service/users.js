// @ts-check
import { hashPassword, isRecord, verifyPassword } from "./passwords.js";

/**
 * Makes the configured administrator a user; a changed password in the environment becomes the user's.
 * @param {import("pg").Pool} pool
 * @param {string} email
 * @param {string} password plain, or a `scrypt$...` record
 */
export async function seedAdministrator(pool, email, password) {
  const found = await findUser(pool, email);
  if (found !== null && (found.password === password || (await verifyPassword(password, found.password)))) return;
  const record = isRecord(password) ? password : await hashPassword(password);
  await pool.query(
    `INSERT INTO users (email, password) VALUES ($1, $2)
     ON CONFLICT (lower(email)) DO UPDATE SET password = excluded.password`,
    [email, record],
  );
}

/**
 * @param {import("pg").Pool} pool
 * @param {string} email
 * @returns {Promise<{ id: string, password: string } | null>}
 */
export async function findUser(pool, email) {
  const { rows } = await pool.query("SELECT id, password FROM users WHERE lower(email) = lower($1)", [email]);
  return rows[0] ?? null;
}
