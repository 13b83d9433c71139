// @ts-check
import pg from "pg";
import { describe } from "./log.js";

/** @typedef {import("pg").Pool} Pool */

/**
 * @param {import("./configuration.js").Configuration} configuration
 * @param {import("./log.js").Logger} log
 */
export function openPool(configuration, log) {
  const pool = new pg.Pool({
    connectionString: configuration.DATABASE_URL,
    max: configuration.POOL_MAX,
    connectionTimeoutMillis: 2000,
    idleTimeoutMillis: 30_000,
    statement_timeout: configuration.STATEMENT_TIMEOUT_MS,
    query_timeout: configuration.STATEMENT_TIMEOUT_MS + 1000,
    idle_in_transaction_session_timeout: 10_000,
    application_name: "customer-service",
  });
  // An idle connection that the server closed; the pool opens another one when it is needed.
  pool.on("error", (error) => log.warn(describe(error), "database connection lost"));
  return pool;
}

/**
 * Whether the database answers now. One question at a time, however many probes ask.
 * @param {Pool} pool
 * @param {import("./log.js").Logger} log
 */
export function databaseProbe(pool, log) {
  /** @type {Promise<boolean> | null} */
  let asking = null;
  const ask = async () => {
    try {
      await pool.query(within(1500, "SELECT 1"));
      return true;
    } catch (error) {
      log.warn(describe(error), "database does not answer");
      return false;
    } finally {
      asking = null;
    }
  };
  return () => {
    asking ??= ask();
    return asking;
  };
}

/**
 * A statement with its own patience; pg reads `query_timeout` here, its types do not know it.
 * @param {number} milliseconds
 * @param {string} text
 * @param {unknown[]} [values]
 * @returns {import("pg").QueryConfig<unknown[]>}
 */
export function within(milliseconds, text, values = []) {
  return /** @type {import("pg").QueryConfig<unknown[]>} */ ({ text, values, query_timeout: milliseconds });
}
