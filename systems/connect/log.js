// @ts-check
import { pino } from "pino";

/** @typedef {import("pino").Logger} Logger */

/**
 * One JSON object per line on stdout: timestamp, level, service, environment, release, then what the line is about.
 * @param {string} service
 * @param {{ LOG_LEVEL: string, NODE_ENV: string }} configuration
 * @param {string} release
 */
export function createLogger(service, { LOG_LEVEL, NODE_ENV }, release) {
  return pino({
    level: LOG_LEVEL,
    base: { service, environment: NODE_ENV, release },
    messageKey: "message",
    timestamp: () => `,"timestamp":"${new Date().toISOString()}"`,
    formatters: { level: (label) => ({ level: label }) },
  });
}

/**
 * What may be told of an error: no connection string, no values of a statement.
 * @param {unknown} error
 */
export function told(error) {
  if (!(error instanceof Error)) return { error: typeof error };
  const [, ...frames] = (error.stack ?? "").split("\n").map((line) => line.trim());
  return {
    error: error.name,
    ...("code" in error && { code: String(error.code) }),
    detail: error.message.replace(/\b[a-z]+:\/\/\S+/gi, "<url>"),
    stack: frames.filter((line) => line.startsWith("at ")).slice(0, 4),
  };
}
