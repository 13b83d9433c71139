import { z } from "zod";
import { cores } from "../quantity/cpu.js";
import { durationMs } from "../quantity/duration.js";
import { percent } from "../quantity/percent.js";
import { sizeBytes } from "../quantity/size.js";

// Messages are "what is wrong\nwhat to do"; validate.ts takes them apart.

const durationError = (input: unknown): string =>
  typeof input === "number"
    ? `a duration needs a unit, ${input} has none\nwrite "${input}ms", "${input}s" or "${input}m"`
    : 'not a duration\nwrite "500ms", "10s", "5m", "1h" or "2d"';

/** A length of time: `500ms`, `10s`, `5m`, `1h`, `2d`. */
export const duration = z
  .string({ error: (issue) => (issue.input === undefined ? undefined : durationError(issue.input)) })
  .refine((text) => durationMs(text) !== null, { error: (issue) => durationError(issue.input) })
  .meta({
    id: "Duration",
    description: "A length of time with its unit: 500ms, 10s, 5m, 1h, 2d.",
    examples: ["10s", "5m"],
  });

const sizeError = (input: unknown): string =>
  typeof input === "number"
    ? `a size needs a unit, ${input} has none\nwrite "${input}MiB" or "${input}B"`
    : 'not a size\nwrite "512MiB", "1GiB" or "500MB"';

/** A number of bytes: `512MiB`, `1 GiB`, `500MB`. */
export const size = z
  .string({ error: (issue) => (issue.input === undefined ? undefined : sizeError(issue.input)) })
  .refine((text) => sizeBytes(text) !== null, { error: (issue) => sizeError(issue.input) })
  .meta({ id: "Size", description: "A number of bytes with its unit: 512MiB, 1GiB, 500MB.", examples: ["512MiB"] });

export const percentage = z
  .string()
  .refine((text) => percent(text) !== null, { error: 'not a percentage\nwrite "5%", between 0% and 100%' })
  .meta({ id: "Percentage", description: "A percentage between 0% and 100%.", examples: ["5%"] });

export const cpu = z
  .union([z.number(), z.string()])
  .refine((value) => cores(value) !== null, { error: 'not a number of cores\nwrite 0.5 or "500m"' });

const count = (minimum: number, maximum: number) => z.int().min(minimum).max(maximum);

export const replicas = count(0, 1000);
export const attempts = count(1, 1000);
export const few = count(0, 100);

/** A whole number of replicas, or a percentage of them. */
export const countOrShare = z.union([count(0, 1000), percentage]);

/** RFC 1123 label: it ends up in host names, file names and event streams. */
export const dnsLabel = z
  .string()
  .regex(/^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/, {
    error: (issue) =>
      `"${String(issue.input)}" is not a name\nup to 63 lower-case letters, digits and dashes, beginning with a letter`,
  })
  // Names become keys of plain objects, where `constructor` is always there already.
  .refine((text) => !(text in Object.prototype), {
    error: (issue) => `"${String(issue.input)}" is a name that JavaScript keeps for itself\nchoose another one`,
  });

export const command = z.union([z.array(z.string().min(1)).min(1), z.string().min(1)]).meta({
  id: "Command",
  description: "Program and arguments, best as a list. A string is split at spaces; no shell is ever started.",
  examples: [["node", "server.js"]],
});

export const httpPath = z
  .string()
  .regex(/^\/[^\s]*$/, { error: 'not a path\nbegin it with "/", without host or spaces' });
