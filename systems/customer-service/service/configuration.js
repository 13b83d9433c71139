// @ts-check
import { z } from "zod";

const port = z.coerce.number().int().min(0).max(65_535);
const milliseconds = z.coerce.number().int().min(1).max(600_000);

const Environment = z.object({
  HOST: z.string().min(1).default("127.0.0.1"),
  PORT: port.default(8080),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/, error: "must be a postgres:// URL" }),
  JWT_KEY: z.string().min(32, "must have at least 32 characters"),
  JWT_LIFETIME_SECONDS: z.coerce.number().int().min(60).max(86_400).default(3600),
  ADMIN_EMAIL: z.email().default("admin@example.com"),
  /** A password, or its `scrypt$...` record. */
  ADMIN_PASSWORD: z.string().min(12, "must have at least 12 characters"),
  LOG_LEVEL: z.enum(["debug", "info", "warn", "error"]).default("info"),
  POOL_MAX: z.coerce.number().int().min(1).max(200).default(10),
  STATEMENT_TIMEOUT_MS: milliseconds.default(5000),
  SHUTDOWN_GRACE_MS: milliseconds.default(10_000),
});

/** @typedef {z.infer<typeof Environment>} Configuration */

/**
 * Reads the whole environment at once and reports every problem by variable, never a value: it may be a secret.
 * @param {NodeJS.ProcessEnv} environment
 * @returns {{ ok: true, configuration: Configuration } | { ok: false, problems: string[] }}
 */
export function readConfiguration(environment) {
  const read = Environment.safeParse(environment);
  if (read.success) return { ok: true, configuration: read.data };
  const problems = read.error.issues.map((issue) => {
    const variable = issue.path.join(".");
    return `${variable} ${environment[variable] === undefined ? "is not set" : issue.message}`;
  });
  return { ok: false, problems };
}
