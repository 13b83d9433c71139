// @ts-check
import { createLogger } from "../log.js";
import { release } from "../release.js";
import { runUntilSignal } from "../run-until-signal.js";
import { readConfiguration } from "./configuration.js";
import { start } from "./start.js";

const read = readConfiguration(process.env);
if ("configuration" in read) {
  const log = createLogger("connect-backend", read.configuration, release);
  runUntilSignal(start(read.configuration, log, release), log);
} else {
  const log = createLogger("connect-backend", { LOG_LEVEL: "info", NODE_ENV: "unknown" }, release);
  log.error({ problems: read.problems }, "the environment is not complete");
  process.exitCode = 2;
}
