import { readFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { unpack } from "../../../archive/unpack.js";
import { placesIn } from "../../../ports/places.js";
import type { Channel } from "../edge/handover.js";
import { OUTPUT_LIMIT_BYTES } from "../supervisor/output.js";
import { rotateWhenOver } from "../supervisor/rotate.js";
import { Daemon } from "./daemon.js";
import { edgeArgv } from "./entry.js";
import { DaemonLock } from "./lock.js";
import { serveDaemon } from "./server.js";

const TICK_MS = 100;
const SLOW_TICK_MS = 1_000;
const ROTATE_MS = 1_000;
const ROTATE_SOON_MS = 50;

const { values } = parseArgs({
  options: { home: { type: "string" }, sockets: { type: "string" }, wait: { type: "boolean", default: false } },
});
if (values.home === undefined) {
  process.stderr.write("usage: main.js --home <directory> [--sockets <directory>] [--wait]\n");
  process.exit(2);
}

/** One line per occurrence: this goes to a file that people read when something is odd. */
function report(message: string, error?: unknown): void {
  const why = error === undefined ? "" : `: ${error instanceof Error ? error.message : String(error)}`;
  process.stderr.write(`${new Date().toISOString()} daemon ${process.pid} ${message}${why}\n`);
}

const places = placesIn(values.home, values.sockets);
let lock = DaemonLock.acquire(places.daemon);
while (!(lock instanceof DaemonLock)) {
  if (!values.wait) {
    report(`process ${lock.pid} is the daemon here already`);
    process.exit(0);
  }
  await new Promise((resolve) => setTimeout(resolve, SLOW_TICK_MS));
  lock = DaemonLock.acquire(places.daemon);
}
const held = lock;

const version = String(
  JSON.parse(readFileSync(path.join(import.meta.dirname, "../../../../package.json"), "utf8")).version,
);
const parent: Channel | null = process.send === undefined ? null : (process as Channel);
const daemon = new Daemon({ places, version, edgeArgv: edgeArgv(places), parent, unpack, report });

await daemon.start();
const server = await serveDaemon({
  daemon,
  socket: places.daemonSocket,
  leave: (everything) => void leave(everything),
});
report("the daemon is up");

const ticking = setInterval(() => daemon.tick(), TICK_MS);
setInterval(() => {
  daemon.slowTick();
  // Two that both believed the lock to be stale: the one that lost it goes, and touches nothing.
  if (!held.stillHeld()) process.exit(0);
}, SLOW_TICK_MS);
rotating();

for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => void leave(false));
// A channel that closes is the edge's end, which the tick sees; without a listener it would end this process.
process.on("disconnect", () => report("the channel to the edge is closed"));

function rotating(): void {
  const soon = daemon.rotate();
  for (const name of ["daemon.log", "edge.log", "control-plane.log"])
    rotateWhenOver(path.join(places.logs, name), OUTPUT_LIMIT_BYTES);
  setTimeout(rotating, soon ? ROTATE_SOON_MS : ROTATE_MS);
}

async function leave(everything: boolean): Promise<void> {
  report(everything ? "ends everything" : "leaves; replicas and edge stay");
  server.close();
  if (everything) await daemon.endEverything();
  clearInterval(ticking);
  daemon.leave();
  held.release();
  process.exit(0);
}
