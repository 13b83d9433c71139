import { type ExecFileException, execFile } from "node:child_process";
import { z } from "zod";
import { WindlassError } from "../../../../error.js";

/** A program that prints a credential (client.authentication.k8s.io). */
export interface ExecPlugin {
  readonly apiVersion: string;
  /** A name on the PATH or an absolute path. */
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment that it gets. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Values of `env` that the kubeconfig gave: not repeated when the plugin prints them. */
  readonly hidden: readonly string[];
  readonly installHint: string | null;
  readonly timeoutMs: number;
}

export interface ExecCredential {
  readonly token: string | null;
  readonly certificate: { readonly cert: string; readonly key: string } | null;
  /** Wall clock; null: as long as the server takes it. */
  readonly expiresAt: number | null;
}

export const EXEC_VERSIONS = ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"];
const MAX_OUTPUT_BYTES = 1024 * 1024;

const outputSchema = z.object({
  apiVersion: z.string(),
  kind: z.literal("ExecCredential"),
  status: z.object({
    token: z.string().min(1).optional(),
    clientCertificateData: z.string().optional(),
    clientKeyData: z.string().optional(),
    expirationTimestamp: z.iso.datetime({ offset: true }).optional(),
  }),
});

/** Runs it without a shell and without a terminal. Its output is a secret and never part of an error. */
export async function runPlugin(plugin: ExecPlugin): Promise<ExecCredential> {
  const text = await output(plugin);
  const parsed = outputSchema.safeParse(parsedJson(text));
  const refuse = (why: string) => failure(plugin, `credential plugin ${plugin.command}: ${why}`);
  if (!parsed.success) {
    const where = parsed.error.issues.map((issue) => issue.path.join(".") || "output").join(", ");
    throw refuse(`what it printed is no ExecCredential (${where})`);
  }
  const { apiVersion, status } = parsed.data;
  if (apiVersion !== plugin.apiVersion)
    throw refuse(`it answered in ${apiVersion}, asked for was ${plugin.apiVersion}`);
  const { clientCertificateData: cert, clientKeyData: key } = status;
  if ((cert === undefined) !== (key === undefined))
    throw refuse("it printed a certificate without key, or the reverse");
  const certificate = cert === undefined || key === undefined ? null : { cert, key };
  if (status.token === undefined && certificate === null) throw refuse("it printed neither a token nor a certificate");
  return {
    token: status.token ?? null,
    certificate,
    expiresAt: status.expirationTimestamp === undefined ? null : Date.parse(status.expirationTimestamp),
  };
}

function output(plugin: ExecPlugin): Promise<string> {
  const { timeoutMs } = plugin;
  const options = { env: plugin.env, timeout: timeoutMs, maxBuffer: MAX_OUTPUT_BYTES, killSignal: "SIGKILL" } as const;
  return new Promise((resolve, reject) => {
    // Node's own message repeats the arguments, so it is not passed on.
    const child = execFile(plugin.command, plugin.args, options, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout);
      reject(
        failure(plugin, `credential plugin ${plugin.command} ${ending(error, timeoutMs)}${lastWords(stderr, plugin)}`),
      );
    });
    child.stdin?.on("error", () => {}); // It may end before it reads its empty input.
    child.stdin?.end();
  });
}

function ending(error: ExecFileException, timeoutMs: number): string {
  if (error.code === "ENOENT") return "is not installed";
  if (error.code === "EACCES") return "may not be executed";
  if (error.code === "ERR_CHILD_PROCESS_STDIO_MAXBUFFER") return `printed more than ${MAX_OUTPUT_BYTES} bytes`;
  if (error.killed === true) return `did not end within ${timeoutMs} ms`;
  return `ended with ${error.code ?? error.signal}`;
}

function failure(plugin: ExecPlugin, message: string): WindlassError {
  const hint = plugin.installHint ?? "run kubectl with this context once: it asks for what the plugin needs";
  return new WindlassError("kubernetes-unauthorized", message, { hint, retry: "safe" });
}

/** What it said to people, without anything that has the length of a secret. */
function lastWords(stderr: string, plugin: ExecPlugin): string {
  const shown = plugin.hidden.reduce((words, secret) => words.replaceAll(secret, "…"), stderr);
  const text = shown
    .slice(-2_000)
    .trim()
    .split("\n")
    .slice(-3)
    .join(" | ")
    .replace(/[A-Za-z0-9+/_=.-]{32,}/g, "…")
    .slice(-300);
  return text === "" ? "" : `: ${text}`;
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // Refused by the schema; the parser's message would quote the output.
  }
}
