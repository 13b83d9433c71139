// @ts-check
import { z } from "zod";

const milliseconds = z.coerce.number().int().min(1).max(600_000);

const Environment = z.object({
  NODE_ENV: z.string().min(1).default("development"),
  HOST: z.string().min(1).default("127.0.0.1"),
  PORT: z.coerce.number().int().min(0).max(65_535).default(3000),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/, error: "must be a postgres:// URL" }),
  LOG_LEVEL: z.enum(["debug", "info", "warn", "error"]).default("info"),
  /** So many projects are made up when there are none. */
  SAMPLE_PROJECTS: z.coerce.number().int().min(0).max(1000).default(0),
  POOL_MAX: z.coerce.number().int().min(1).max(200).default(10),
  STATEMENT_TIMEOUT_MS: milliseconds.default(5000),
  SHUTDOWN_GRACE_MS: milliseconds.default(10_000),
});

/** @typedef {z.infer<typeof Environment>} Configuration */

/**
 * The environment, or what is wrong with it by variable; never a value, which may be a secret.
 * @param {NodeJS.ProcessEnv} environment
 * @returns {{ configuration: Configuration } | { problems: string[] }}
 */
export function readConfiguration(environment) {
  const read = Environment.safeParse(environment);
  if (read.success) return { configuration: read.data };
  return {
    problems: read.error.issues.map(({ path: [variable], message }) => {
      const name = String(variable);
      return `${name} ${environment[name] === undefined ? "is not set" : message}`;
    }),
  };
}
