import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync } from "node:fs";
import net from "node:net";
import path from "node:path";
import { WindlassError } from "../../../error.js";
import { readIfThere, writeDurably } from "../supervisor/durable-file.js";
import type { LaunchSpec } from "../supervisor/launch.js";
import type { Recipe } from "./supervised-server.js";

export interface RedisOptions {
  readonly name: string;
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Further addresses of this machine to listen at, for containers; looked up at every start. */
  readonly addresses?: () => Promise<readonly string[]>;
}

const PROGRAMS = ["redis-server", "valkey-server"];
const ANSWER_WITHIN_MS = 2_000;

/** The Redis that is installed on this machine, with its own data and password; nothing is downloaded. */
export class RedisRecipe implements Recipe {
  readonly name: string;
  readonly stopSignal = "SIGTERM";
  private known: string | null = null;

  constructor(private readonly options: RedisOptions) {
    this.name = options.name;
  }

  async prepare(port: number): Promise<Omit<LaunchSpec, "port">> {
    const { directory, environment } = this.options;
    const program = findProgram(environment.PATH ?? "");
    this.known = versionOf(program);
    const data = path.join(directory, "data");
    mkdirSync(data, { recursive: true, mode: 0o700 });
    const settings = [
      `bind ${["127.0.0.1", ...((await this.options.addresses?.()) ?? [])].join(" ")}`,
      `port ${port}`,
      `dir ${JSON.stringify(data)}`,
      "appendonly yes",
      `requirepass ${this.password()}`,
      "daemonize no",
    ];
    // In a file, because argument lists are for everyone to read.
    const file = path.join(directory, "redis.conf");
    writeDurably(file, `${settings.join("\n")}\n`);
    return { argv: [program, file], cwd: data, environment };
  }

  /** It loads its data before it answers PING with PONG. */
  provision(port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = net.connect({ host: "127.0.0.1", port });
      let answer = "";
      const fail = (why: string): void => {
        socket.destroy();
        reject(new WindlassError("host-redis-answer", `redis ${this.name}: ${why}`, { retry: "safe" }));
      };
      socket.setTimeout(ANSWER_WITHIN_MS, () => fail("no answer"));
      socket.on("error", (error) => fail(error.message));
      socket.on("data", (chunk) => {
        answer += chunk.toString("utf8");
        if (answer.includes("-")) return fail(answer.trim());
        if (!answer.includes("+PONG")) return;
        socket.end();
        resolve();
      });
      socket.write(`AUTH ${this.password()}\r\nPING\r\n`);
    });
  }

  url(port: number): string {
    return `redis://:${this.password()}@127.0.0.1:${port}/0`;
  }

  detail(): string {
    return this.known ?? "Redis";
  }

  private password(): string {
    const file = path.join(this.options.directory, "password");
    const text = readIfThere(file);
    if (text !== null) return text;
    const made = randomBytes(24).toString("hex");
    writeDurably(file, made);
    return made;
  }
}

function findProgram(searched: string): string {
  for (const program of PROGRAMS)
    for (const directory of searched.split(path.delimiter)) {
      const file = path.join(directory, program);
      if (existsSync(file)) return file;
    }
  throw new WindlassError("host-redis-missing", "redis-server is not installed on this machine", {
    hint: "Install it (apt-get install redis-server, brew install redis), or give the resource the source local or external.",
  });
}

function versionOf(program: string): string {
  const text = execFileSync(program, ["--version"], { encoding: "utf8" });
  const version = /v=(\S+)/.exec(text)?.[1] ?? "";
  return `${program.endsWith("valkey-server") ? "Valkey" : "Redis"} ${version}, installed`;
}
