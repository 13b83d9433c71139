import { execFile, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { endWithThisProcess } from "../../customer-service/test/children.js";

const system = path.dirname(import.meta.dirname);
const run = promisify(execFile);

export interface Built {
  /** Has `backend` and `frontend`, far away from this package's node_modules, as they are deployed. */
  readonly folder: string;
  remove(): Promise<void>;
}

export async function buildRelease(release: string): Promise<Built> {
  const folder = await mkdtemp(path.join(tmpdir(), "connect-"));
  await run(process.execPath, [path.join(system, "build.js"), "--release", release, "--out", folder]);
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

export type LogLine = Readonly<Record<string, unknown>> & { readonly message: string };

export interface Running {
  readonly url: string;
  readonly log: readonly LogLine[];
  fetch(where: string, request?: RequestInit): Promise<Response>;
  send(method: string, where: string, body: unknown): Promise<Response>;
  /** Resolves once a line matches. */
  logged(matches: (line: LogLine) => boolean): Promise<LogLine>;
  /** SIGTERM; the exit code. */
  terminate(): Promise<number | null>;
  /** Whatever state it is in, it is gone afterwards. */
  end(): Promise<void>;
}

/** Runs one service of a release with this environment; `until`: the message to wait for. */
export async function start(
  built: Built,
  service: "backend" | "frontend",
  environment: Readonly<Record<string, string>>,
  until: "listening" | "ready" = "ready",
): Promise<Running> {
  const child = spawn(process.execPath, ["server.js"], {
    cwd: path.join(built.folder, service),
    env: { PORT: "0", LOG_LEVEL: "debug", ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  endWithThisProcess(child, "SIGKILL");
  // Not at "exit": its last lines may still be on their way then.
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  const log: LogLine[] = [];
  let trouble = "";
  createInterface({ input: child.stdout }).on("line", (line) => log.push(JSON.parse(line)));
  child.stderr.on("data", (chunk) => (trouble += chunk));
  const logged: Running["logged"] = async (matches) => {
    for (;;) {
      const found = log.find(matches);
      if (found !== undefined) return found;
      if (child.exitCode !== null) throw new Error(`${service} ended: ${trouble}${JSON.stringify(log)}`);
      await sleep(10);
    }
  };
  const { address } = await logged((line) => line.message === "listening");
  const url = `http://127.0.0.1:${(address as { port: number }).port}`;
  await logged((line) => line.message === until);
  return {
    url,
    log,
    logged,
    fetch: (where, request) => fetch(url + where, request),
    send: (method, where, body) =>
      fetch(url + where, {
        method,
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      }),
    terminate: () => {
      child.kill("SIGTERM");
      return ended;
    },
    end: async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
      await ended;
    },
  };
}
