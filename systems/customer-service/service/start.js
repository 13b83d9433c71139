// @ts-check
import { setTimeout as sleep } from "node:timers/promises";
import { serve } from "@hono/node-server";
import { createApp } from "./app.js";
import { databaseProbe, openPool } from "./database.js";
import { describe } from "./log.js";
import { createMetrics } from "./metrics.js";
import { migrate } from "./migrate.js";
import { createTokens } from "./tokens.js";
import { seedAdministrator } from "./users.js";

/**
 * Listens at once, so that the liveness probe is answered, and becomes ready when the schema is there. `close` stops
 * accepting, lets requests finish, and closes the pool; it says whether all of them finished in time.
 * @param {import("./configuration.js").Configuration} configuration
 * @param {import("./log.js").Logger} log
 * @param {string} release
 */
export function start(configuration, log, release) {
  const pool = openPool(configuration, log);
  const metrics = createMetrics(pool, release);
  const tokens = createTokens(configuration.JWT_KEY, configuration.JWT_LIFETIME_SECONDS);
  const state = { migrated: false, stopping: false };
  const app = createApp({ log, metrics, tokens, pool, release, state, databaseAnswers: databaseProbe(pool, log) });
  const server = /** @type {import("node:http").Server} */ (
    serve({
      fetch: app.fetch,
      hostname: configuration.HOST,
      port: configuration.PORT,
      serverOptions: {
        requestTimeout: 30_000,
        headersTimeout: 10_000,
        maxHeaderSize: 16_384,
        keepAliveTimeout: 65_000,
      },
    })
  );
  server.on("listening", () => log.info({ port: portOf(server) }, "listening"));
  const schema = prepareSchema(pool, configuration, log, state);

  const finish = async () => {
    await new Promise((resolve) => server.close(resolve));
    await schema;
    await pool.end();
  };
  /** @returns {Promise<boolean>} */
  const close = () =>
    new Promise((resolve, reject) => {
      state.stopping = true;
      // It also keeps the process: an end that never comes must not be a silent one.
      const late = setTimeout(() => {
        server.closeAllConnections();
        resolve(false);
      }, configuration.SHUTDOWN_GRACE_MS);
      finish()
        .finally(() => clearTimeout(late))
        .then(() => resolve(true), reject);
    });
  return { server, close };
}

/**
 * A database that is not there yet is waited for; a migration that it refuses is tried again, too, and said each time.
 * @param {import("pg").Pool} pool
 * @param {import("./configuration.js").Configuration} configuration
 * @param {import("./log.js").Logger} log
 * @param {{ migrated: boolean, stopping: boolean }} state
 */
async function prepareSchema(pool, configuration, log, state) {
  for (let attempt = 1; !state.stopping; attempt++) {
    try {
      const applied = await migrate(pool, new URL("./migrations/", import.meta.url));
      await seedAdministrator(pool, configuration.ADMIN_EMAIL, configuration.ADMIN_PASSWORD);
      state.migrated = true;
      log.info({ applied }, "schema is there");
      return;
    } catch (error) {
      log.error({ attempt, ...describe(error) }, "schema could not be prepared, trying again");
      await sleep(Math.min(125 * 2 ** attempt, 1000));
    }
  }
}

/** @param {import("node:http").Server} server */
function portOf(server) {
  const address = server.address();
  return typeof address === "object" ? address?.port : null;
}
