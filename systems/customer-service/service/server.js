// @ts-check
import { readConfiguration } from "./configuration.js";
import { createLogger, describe } from "./log.js";
import { release } from "./release.js";
import { start } from "./start.js";

const read = readConfiguration(process.env);
const log = createLogger(read.ok ? read.configuration.LOG_LEVEL : "info", release);
if (read.ok) run(read.configuration);
else {
  log.error({ problems: read.problems }, "the environment is not complete");
  process.exitCode = 2;
}

/** @param {import("./configuration.js").Configuration} configuration */
function run(configuration) {
  const service = start(configuration, log, release);
  service.server.on("error", (error) => {
    log.error(describe(error), "cannot listen");
    process.exit(1);
  });

  let stopping = false;
  const stop = async (/** @type {string} */ signal) => {
    if (stopping) return;
    stopping = true;
    log.info({ signal }, "stopping");
    const inTime = await service.close();
    log[inTime ? "info" : "warn"]({ inTime }, "stopped");
    process.exit(inTime ? 0 : 1);
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  process.on("uncaughtException", (error) => {
    log.error(describe(error), "uncaught error");
    process.exit(1);
  });
}
