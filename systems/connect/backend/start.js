// @ts-check
import { setTimeout as sleep } from "node:timers/promises";
import { serve } from "@hono/node-server";
import { told } from "../log.js";
import { createApp } from "./app.js";
import { openPool } from "./database.js";
import { createLoans } from "./loans.js";
import { createMetrics } from "./metrics.js";
import { migrate } from "./migrate.js";
import { createProjects } from "./projects.js";
import { addSampleProjects } from "./sample-data.js";

/**
 * Listens at once, and is ready when the schema is there. `stop` lets running requests finish and says whether they did
 * in time.
 * @param {import("./configuration.js").Configuration} configuration
 * @param {import("../log.js").Logger} log
 * @param {string} release
 */
export function start(configuration, log, release) {
  const pool = openPool(configuration, log);
  const state = { ready: false, stopping: false };
  const metrics = createMetrics(pool, release);
  const app = createApp({
    log,
    metrics,
    release,
    state,
    projects: createProjects(pool),
    loans: createLoans(pool),
  });
  const server = /** @type {import("node:http").Server} */ (
    serve({
      fetch: app.fetch,
      hostname: configuration.HOST,
      port: configuration.PORT,
      // Longer than the 60 s that load balancers keep a connection, so they close it first.
      serverOptions: { keepAliveTimeout: 65_000, headersTimeout: 10_000, requestTimeout: 30_000 },
    })
  );
  server.once("listening", () => log.info({ address: server.address() }, "listening"));
  const schema = prepare();

  /** Waits for a database that is not there yet, and says so each time. */
  async function prepare() {
    for (let attempt = 1; !state.stopping; attempt++) {
      try {
        const folder = new URL("./migrations/", import.meta.url);
        const applied = await migrate(pool, folder, (client) =>
          addSampleProjects(client, configuration.SAMPLE_PROJECTS),
        );
        state.ready = true;
        log.info({ applied }, "ready");
        return;
      } catch (error) {
        log.error({ attempt, ...told(error) }, "the schema is not there yet, trying again");
        await sleep(Math.min(100 * 2 ** attempt, 1000));
      }
    }
  }

  async function stop() {
    state.stopping = true;
    let inTime = true;
    const late = setTimeout(() => {
      inTime = false;
      server.closeAllConnections();
    }, configuration.SHUTDOWN_GRACE_MS);
    await new Promise((resolve) => server.close(resolve));
    clearTimeout(late);
    await schema;
    await pool.end();
    return inTime;
  }
  return { server, stop };
}
