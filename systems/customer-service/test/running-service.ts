import { execFile, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { endWithThisProcess } from "./children.js";

const system = path.dirname(import.meta.dirname);
const run = promisify(execFile);

export const secrets = {
  JWT_KEY: "a-key-of-the-tests-that-is-long-enough",
  ADMIN_PASSWORD: "correct horse battery staple",
};
export const admin = { email: "admin@example.com", password: secrets.ADMIN_PASSWORD };

export interface BuiltRelease {
  readonly folder: string;
  remove(): Promise<void>;
}

/** One release of the code in a folder far away from this package's node_modules, as it is deployed. */
export async function buildRelease(release: string): Promise<BuiltRelease> {
  const folder = await mkdtemp(path.join(tmpdir(), "customer-service-"));
  await run(process.execPath, [path.join(system, "build.js"), "--release", release, "--out", folder]);
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

export interface LogRecord extends Record<string, unknown> {
  readonly level: string;
  readonly message: string;
}

export interface RunningService {
  readonly url: string;
  readonly log: readonly LogRecord[];
  /** Everything printed, as it was. */
  output(): string;
  fetch(path: string, request?: RequestInit): Promise<Response>;
  /** With a token of the administrator's. */
  asAdmin(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Response>;
  /** Resolves once a record matches. */
  logged(matches: (record: LogRecord) => boolean): Promise<LogRecord>;
  /** SIGTERM; the exit code. */
  terminate(): Promise<number | null>;
  /** Whatever state it is in, it is gone afterwards. */
  end(): Promise<void>;
}

export interface StartOptions {
  readonly environment?: Record<string, string>;
  /** Do not wait until it is ready. */
  readonly early?: boolean;
}

export async function startService(
  release: BuiltRelease,
  databaseUrl: string,
  options: StartOptions = {},
): Promise<RunningService> {
  const child = spawn(process.execPath, ["server.js"], {
    cwd: release.folder,
    env: { PORT: "0", DATABASE_URL: databaseUrl, LOG_LEVEL: "debug", ...secrets, ...options.environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  endWithThisProcess(child, "SIGKILL");
  // Not at "exit": its last lines may still be on their way then.
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  const log: LogRecord[] = [];
  let output = "";
  createInterface({ input: child.stdout }).on("line", (line) => {
    output += `${line}\n`;
    log.push(JSON.parse(line));
  });
  child.stderr.on("data", (chunk) => (output += chunk));
  const logged: RunningService["logged"] = async (matches) => {
    for (;;) {
      const found = log.find(matches);
      if (found !== undefined) return found;
      if (child.exitCode !== null) throw new Error(`the service ended:\n${output}`);
      await sleep(10);
    }
  };
  const { port } = await logged((record) => record.message === "listening");
  const url = `http://127.0.0.1:${String(port)}`;
  if (options.early !== true) await logged((record) => record.message === "schema is there");

  let token: string | null = null;
  const service: RunningService = {
    url,
    log,
    logged,
    output: () => output,
    fetch: (where, request) => fetch(url + where, request),
    asAdmin: async (method, where, body, headers) => {
      token ??= await logIn(url);
      const all: Record<string, string> = { authorization: `Bearer ${token}`, ...headers };
      if (body !== undefined) all["content-type"] ??= "application/json";
      return fetch(url + where, {
        method,
        headers: all,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    },
    terminate: () => {
      child.kill("SIGTERM");
      return ended;
    },
    end: async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
      await ended;
    },
  };
  return service;
}

async function logIn(url: string): Promise<string> {
  const headers = { "content-type": "application/json" };
  const answer = await fetch(`${url}/login`, { method: "POST", headers, body: JSON.stringify(admin) });
  const { token } = (await answer.json()) as { token: string };
  return token;
}

/** `{ error: { code, … } }` of a refused request. */
export async function errorOf(
  answer: Response,
): Promise<{ status: number; code: string; fields?: { path: string }[] }> {
  const { error } = (await answer.json()) as { error: { code: string; fields?: { path: string }[] } };
  return { status: answer.status, ...error };
}
