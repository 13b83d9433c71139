import { type ChildProcess, execFile, spawn } from "node:child_process";
import { chmod, chown, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import pg from "pg";
import {
  copyPackaged,
  installedServers,
  packagedServer,
} from "../../../src/targets/host/resources/postgres-binaries.js";
import { serverUser } from "../../../src/targets/host/resources/unprivileged.js";
import { endWithThisProcess } from "./children.js";

const run = promisify(execFile);

export interface PostgresServer {
  /** A new, empty database on this server. */
  createDatabase(name: string): Promise<string>;
  /** As when the machine of the database goes down. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Stops it and removes its files. */
  end(): Promise<void>;
}

/** A real PostgreSQL: the installed one, else the binaries in npm packages. It listens on a Unix socket only. */
export async function startPostgres(): Promise<PostgresServer> {
  const user = serverUser();
  const owner = user === null ? {} : { uid: user.uid, gid: user.gid };
  const home = await mkdtemp(path.join(tmpdir(), "pg-"));
  const binaries = binariesIn(home);
  const data = path.join(home, "data");
  await mkdir(data);
  for (const folder of [home, data]) {
    await chmod(folder, 0o700);
    if (user !== null) await chown(folder, user.uid, user.gid);
  }
  const options = { cwd: home, env: { PATH: process.env.PATH, LC_ALL: "C", TZ: "UTC" }, ...owner };
  await run(path.join(binaries, "initdb"), ["-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "-N"], options);

  let server: ChildProcess | null = null;
  const url = (database: string) => `postgres://postgres@localhost/${database}?host=${encodeURIComponent(home)}`;
  const start = async () => {
    const settings = ["-c", "listen_addresses=", "-c", `unix_socket_directories=${home}`, "-c", "fsync=off"];
    server = spawn(path.join(binaries, "postgres"), ["-D", data, ...settings], { ...options, stdio: "ignore" });
    endWithThisProcess(server, "SIGQUIT");
    while (!(await answers(url("postgres")))) {
      if (server.exitCode !== null) throw new Error(`postgres ended with ${server.exitCode}`);
      await sleep(50);
    }
  };
  const stop = async () => {
    const running = server;
    server = null;
    if (running === null || running.exitCode !== null) return;
    const ended = new Promise((resolve) => running.once("exit", resolve));
    running.kill("SIGINT");
    await ended;
  };
  await start();
  return {
    start,
    stop,
    createDatabase: async (name) => {
      await withClient(url("postgres"), (client) => client.query(`CREATE DATABASE ${pg.escapeIdentifier(name)}`));
      return url(name);
    },
    end: async () => {
      await stop();
      await rm(home, { recursive: true, force: true });
    },
  };
}

/** Runs something on its own connection. */
export async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

async function answers(url: string): Promise<boolean> {
  return withClient(url, () => Promise.resolve(true)).catch(() => false);
}

/** The installed server, else the one in npm packages, with its libraries linked as they need to be. */
function binariesIn(home: string): string {
  const installed = process.env.TEST_POSTGRES === "embedded" ? undefined : installedServers()[0];
  if (installed !== undefined) return installed.bin;
  const packaged = packagedServer();
  if (packaged === null) throw new Error("there is neither an installed PostgreSQL nor one in the npm packages");
  return copyPackaged(packaged, home).bin;
}
