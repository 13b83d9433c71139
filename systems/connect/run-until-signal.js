// @ts-check
import { told } from "./log.js";

/**
 * Runs a service until SIGTERM or SIGINT. It is PID 1's only child in a container, or PID 1 itself, and a signal that
 * nobody handles does nothing there.
 * @param {{ server: import("node:http").Server, stop: () => Promise<boolean> }} service
 * @param {import("./log.js").Logger} log
 */
export function runUntilSignal({ server, stop }, log) {
  const give = (/** @type {unknown} */ error, /** @type {string} */ message) => {
    log.error(told(error), message);
    process.exit(1);
  };
  server.once("error", (error) => give(error, "cannot listen"));
  process.once("uncaughtException", (error) => give(error, "uncaught error"));
  let stopping = false;
  for (const signal of ["SIGTERM", "SIGINT"])
    process.on(signal, async () => {
      if (stopping) return;
      stopping = true;
      log.info({ signal }, "stopping");
      const inTime = await stop();
      log.info({ inTime }, "stopped");
      process.exit(inTime ? 0 : 1);
    });
}
