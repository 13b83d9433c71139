// @ts-check
import { z } from "zod";

const Environment = z.object({
  NODE_ENV: z.string().min(1).default("development"),
  HOST: z.string().min(1).default("127.0.0.1"),
  PORT: z.coerce.number().int().min(0).max(65_535).default(3001),
  BACKEND_URL: z.url({ protocol: /^http$/, error: "must be an http:// URL" }),
  LOG_LEVEL: z.enum(["debug", "info", "warn", "error"]).default("info"),
  SHUTDOWN_GRACE_MS: z.coerce.number().int().min(1).max(600_000).default(10_000),
});

/** @typedef {z.infer<typeof Environment>} Configuration */

/**
 * The environment, or what is wrong with it by variable.
 * @param {NodeJS.ProcessEnv} environment
 * @returns {{ configuration: Configuration } | { problems: string[] }}
 */
export function readConfiguration(environment) {
  const read = Environment.safeParse(environment);
  if (read.success) return { configuration: read.data };
  return { problems: read.error.issues.map(({ path, message }) => `${path.join(".")} ${message}`) };
}
