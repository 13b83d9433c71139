import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";

/** What a project seems to be; every answer may be wrong, so a person is asked. */
export interface Guess {
  readonly name: string;
  readonly services: readonly ServiceGuess[];
}

export interface ServiceGuess {
  readonly name: string;
  readonly command: string;
  /** Null: a worker. */
  readonly port: number | null;
  /** What makes an image of it, should it run in containers one day; null: there is none. */
  readonly dockerfile: string | null;
  /** A path that answers 200 when it is healthy; null: none was found. */
  readonly health: string | null;
}

export function guessProject(directory: string): Guess {
  const manifest = readManifest(directory);
  const name = dnsLabel(manifest?.name ?? path.basename(directory));
  const code = sourceText(directory);
  const port = portIn(code);
  const health = /["'`](\/(?:health|healthz|ready|readyz|livez|status|ping))["'`]/.exec(code)?.[1] ?? null;
  // Of several processes nobody knows which one it is for.
  const dockerfile = existsSync(path.join(directory, "Dockerfile")) ? "Dockerfile" : null;
  const processes = readProcfile(directory);
  if (processes.length > 0) {
    const services = processes.map(([process, command]) =>
      process === "web"
        ? { name: "web", command, dockerfile: null, port, health }
        : { name: dnsLabel(process), command, dockerfile: null, port: null, health: null },
    );
    return { name, services };
  }
  const command = commandOf(directory, manifest);
  return { name, services: [{ name: "app", command, dockerfile, port, health }] };
}

interface Manifest {
  readonly name?: string;
  readonly main?: string;
  readonly scripts?: Readonly<Record<string, string>>;
}

function readManifest(directory: string): Manifest | null {
  const file = path.join(directory, "package.json");
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Manifest) : null;
}

/** The start script itself where it is one command: `npm start` would stand between the service and its signals. */
function commandOf(directory: string, manifest: Manifest | null): string {
  const start = manifest?.scripts?.start;
  if (start !== undefined) return /^node [^|&;<>$`"']+$/.test(start) ? start.trim() : "npm start";
  const candidates = [manifest?.main, "server.js", "index.js", "app.js", "main.js", "src/server.js", "src/index.js"];
  const script = candidates.find((file) => file !== undefined && existsSync(path.join(directory, file)));
  if (script !== undefined) return `node ${script}`;
  const python = ["main.py", "app.py", "server.py"].find((file) => existsSync(path.join(directory, file)));
  return python === undefined ? "node server.js" : `python3 ${python}`;
}

function readProcfile(directory: string): readonly (readonly [string, string])[] {
  const file = path.join(directory, "Procfile");
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8")
    .split("\n")
    .flatMap((line) => {
      const match = /^([A-Za-z0-9_-]+):\s*(.+)$/.exec(line.trim());
      // `release` runs once before a deployment; it is no service.
      return match?.[1] === undefined || match[2] === undefined || match[1] === "release" ? [] : [[match[1], match[2]]];
    });
}

function portIn(code: string): number {
  const found = /PORT\s*(?:\?\?|\|\||,|:)\s*["']?(\d{2,5})/.exec(code) ?? /\.listen\(\s*(\d{2,5})/.exec(code);
  const port = Number(found?.[1] ?? 8080);
  return port > 0 && port < 65_536 ? port : 8080;
}

const CODE = /\.(js|mjs|cjs|ts|mts|py|rb|go)$/;

/** The text of some of the project's files: enough for a guess. */
function sourceText(directory: string): string {
  const files: string[] = [];
  for (const folder of ["", "src", "lib", "app", "server"]) {
    const full = path.join(directory, folder);
    if (statSync(full, { throwIfNoEntry: false })?.isDirectory() !== true) continue;
    for (const name of readdirSync(full).sort()) if (CODE.test(name)) files.push(path.join(full, name));
  }
  return files
    .slice(0, 60)
    .filter((file) => statSync(file).isFile() && statSync(file).size < 200_000)
    .map((file) => readFileSync(file, "utf8"))
    .join("\n");
}

export function dnsLabel(text: string): string {
  const label = text
    .toLowerCase()
    .replace(/^@[^/]*\//, "")
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^[^a-z]+|-+$/g, "")
    .slice(0, 40);
  return label === "" ? "app" : label;
}
