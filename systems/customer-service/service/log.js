// @ts-check
import { pino } from "pino";

/** @typedef {import("pino").Logger} Logger */

/**
 * One JSON object per line: timestamp, level, service, then requestId, userId, method, path, statusCode,
 * responseTime (milliseconds) and message. Audit records carry `audit`, the name of what was done.
 * @param {string} level
 * @param {string} release
 */
export function createLogger(level, release) {
  const options = {
    level,
    base: { service: "customer-service", release, pid: process.pid },
    messageKey: "message",
    timestamp: () => `,"timestamp":"${new Date().toISOString()}"`,
    formatters: { level: (/** @type {string} */ label) => ({ level: label.toUpperCase() }) },
    // Nothing below is logged on purpose; this is the second lock on the door.
    redact: { paths: ["password", "token", "authorization", "*.password", "*.token", "*.authorization"], remove: true },
  };
  // Written when it is said: what is still on its way when the process ends comes after its last record, or never.
  return pino(options, pino.destination({ sync: true }));
}

/**
 * An error without what may hold a secret: connection strings and query parameters stay out.
 * @param {unknown} error
 */
export function describe(error) {
  if (!(error instanceof Error)) return { error: "a value that is not an Error was thrown" };
  const code = "code" in error && typeof error.code === "string" ? error.code : undefined;
  const where = error.stack
    ?.split("\n")
    .slice(1, 4)
    .map((line) => line.trim());
  return { error: error.name, ...(code === undefined ? {} : { code }), detail: withoutUrls(error.message), where };
}

/** @param {string} text */
function withoutUrls(text) {
  return text.replace(/\b[a-z]+:\/\/\S+/gi, "<url>");
}
