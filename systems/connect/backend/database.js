// @ts-check
import pg from "pg";
import { told } from "../log.js";

/**
 * A pool as the document wants it: up to 10 connections, 30 s to get one, closed after 10 idle minutes.
 * @param {import("./configuration.js").Configuration} configuration
 * @param {import("../log.js").Logger} log
 */
export function openPool(configuration, log) {
  const pool = new pg.Pool({
    connectionString: configuration.DATABASE_URL,
    application_name: "connect-backend",
    max: configuration.POOL_MAX,
    connectionTimeoutMillis: 30_000,
    idleTimeoutMillis: 600_000,
    statement_timeout: configuration.STATEMENT_TIMEOUT_MS,
    // A server that is gone answers nothing, not even that it took too long.
    query_timeout: configuration.STATEMENT_TIMEOUT_MS + 1000,
  });
  // The server closed an idle connection; the next request opens another one.
  pool.on("error", (error) => log.warn(told(error), "lost a connection to the database"));
  return pool;
}
