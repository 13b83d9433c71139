import path from "node:path";
import { parseArgs } from "node:util";
import { unpack } from "../../../archive/unpack.js";
import { placesIn } from "../../../ports/places.js";
import { VERSION } from "../../../version.js";
import type { Channel } from "../edge/handover.js";
import { OUTPUT_LIMIT_BYTES } from "../supervisor/output.js";
import { rotateWhenOver } from "../supervisor/rotate.js";
import { Daemon } from "./daemon.js";
import { edgeArgv } from "./entry.js";
import { DaemonLock } from "./lock.js";
import type { Facts } from "./protocol.js";
import { serveDaemon } from "./server.js";
import { UnixHttp } from "./unix-http.js";

const TICK_MS = 100;
const SLOW_TICK_MS = 1_000;
const PRUNE_MS = 60_000;
const ROTATE_MS = 1_000;
const ROTATE_SOON_MS = 50;

const { values } = parseArgs({
  options: { home: { type: "string" }, sockets: { type: "string" }, version: { type: "string" } },
});
if (values.home === undefined) {
  process.stderr.write("usage: main.js --home <directory> [--sockets <directory>] [--version <text to go by>]\n");
  process.exit(2);
}

/** One line per occurrence: this goes to a file that people read when something is odd. */
function report(message: string, error?: unknown): void {
  const why = error === undefined ? "" : `: ${error instanceof Error ? error.message : String(error)}`;
  process.stderr.write(`${new Date().toISOString()} daemon ${process.pid} ${message}${why}\n`);
}

// The log is on a disk, too, and may be full: then there is nowhere to say so.
process.stderr.on("error", () => undefined);
const places = placesIn(values.home, values.sockets);
const parent: Channel | null = process.send === undefined ? null : (process as Channel);
const held = await only();

const version = values.version ?? VERSION;
const daemon = new Daemon({ places, version, edgeArgv: edgeArgv(places), parent, unpack, report });

await daemon.start();
const server = await serveDaemon({
  daemon,
  socket: places.daemonSocket,
  leave: (everything) => void leave(everything),
});
report("the daemon is up");

// A full disk, above all, must not end what watches over everything: the next tick tries again.
const ticking = setInterval(() => guarded("tick", () => daemon.tick()), TICK_MS);
setInterval(() => guarded("prune", () => daemon.prune()), PRUNE_MS);
setInterval(() => {
  guarded("look", () => daemon.slowTick());
  // Two that both believed the lock to be stale: the one that lost it goes, and touches nothing.
  if (!held.stillHeld()) process.exit(0);
}, SLOW_TICK_MS);
rotating();

for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => void leave(false));
// A channel that closes is the edge's end, which the tick sees; without a listener it would end this process.
process.on("disconnect", () => report("the channel to the edge is closed"));

/** The one that holds the listening sockets replaces the one that cannot have them; any other second one ends. */
async function only(): Promise<DaemonLock> {
  const lock = DaemonLock.acquire(places.daemon);
  if (lock instanceof DaemonLock) return lock;
  if (parent !== null && (await givesWay())) {
    for (let tries = 0; tries < 100; tries++) {
      const next = DaemonLock.acquire(places.daemon);
      if (next instanceof DaemonLock) return next;
      await new Promise((resolve) => setTimeout(resolve, TICK_MS));
    }
  }
  report(`process ${lock.pid} is the daemon here already`);
  process.exit(0);
}

async function givesWay(): Promise<boolean> {
  const holder = new UnixHttp(places.daemonSocket, "daemon");
  try {
    const facts = await holder.json<Facts>({ method: "GET", path: "/facts", deadlineMs: 2_000 });
    if (facts.edge === null || facts.edge.socketsHeld) return false;
    await holder.json({ method: "POST", path: "/leave", body: { everything: false }, deadlineMs: 2_000 });
    return true;
  } catch (error) {
    report("the daemon that is here does not answer", error);
    return false;
  } finally {
    holder.close();
  }
}

function rotating(): void {
  let soon = false;
  guarded("rotation", () => {
    soon = daemon.rotate();
    for (const name of ["daemon.log", "edge.log", "control-plane.log"])
      rotateWhenOver(path.join(places.logs, name), OUTPUT_LIMIT_BYTES);
  });
  setTimeout(rotating, soon ? ROTATE_SOON_MS : ROTATE_MS);
}

function guarded(what: string, run: () => void): void {
  try {
    run();
  } catch (error) {
    report(`the ${what} failed`, error);
  }
}

async function leave(everything: boolean): Promise<void> {
  report(everything ? "ends everything" : "leaves; replicas and edge stay");
  // It answers until all has ended: that is how who asked knows.
  if (everything) await daemon.endEverything();
  server.close();
  clearInterval(ticking);
  daemon.leave();
  held.release();
  process.exit(0);
}
