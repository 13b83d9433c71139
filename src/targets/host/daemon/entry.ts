import path from "node:path";
import { fileURLToPath } from "node:url";
import type { Places } from "../../../ports/places.js";

/** From source, as in tests, the processes run with tsx; from dist they run as they are. */
const SOURCE = import.meta.url.endsWith(".ts");

function nodeArgv(script: string): string[] {
  const file = fileURLToPath(new URL(SOURCE ? script.replace(/\.js$/, ".ts") : script, import.meta.url));
  return SOURCE ? ["--import", import.meta.resolve("tsx"), file] : [file];
}

/** Arguments of Node.js for a daemon at these places. */
export function daemonArgv(places: Places): string[] {
  return [...nodeArgv("./main.js"), "--home", places.home, "--sockets", path.dirname(places.daemonSocket)];
}

/** Arguments of Node.js for an edge at these places, which starts a daemon when its own has died. */
export function edgeArgv(places: Places): string[] {
  const daemon = JSON.stringify([process.execPath, ...daemonArgv(places)]);
  const log = path.join(places.logs, "access.log");
  return [...nodeArgv("../edge/main.js"), "--socket", places.edgeSocket, "--access-log", log, "--daemon-argv", daemon];
}
