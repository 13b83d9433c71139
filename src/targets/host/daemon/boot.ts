import { existsSync, mkdirSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { placesIn } from "../../../ports/places.js";
import { createHostTarget } from "../target.js";

/**
 * The watcher that systemd runs (see ../systemd.ts): finds or starts the daemon, and again whenever it is gone.
 * SIGTERM means that the machine goes down, or the unit is stopped: everything ends politely, and what was wanted
 * stays on the disk for the next start.
 */
const EVERY_MS = 2_000;
const END_WITHIN_MS = 110_000;

const { values } = parseArgs({ options: { home: { type: "string" }, sockets: { type: "string" } } });
if (values.home === undefined) {
  process.stderr.write("usage: boot.js --home <directory> [--sockets <directory>]\n");
  process.exit(2);
}
const places = placesIn(values.home, values.sockets);
for (const directory of [places.home, path.dirname(places.daemonSocket)])
  mkdirSync(directory, { recursive: true, mode: 0o700 });

const clock = { now: () => performance.now(), wall: () => Date.now() };
const target = createHostTarget({ places, clock });
let ending = false;
for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => void end());

while (!ending) {
  try {
    await target.ensureDaemon();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  }
  await pause(EVERY_MS);
}

async function end(): Promise<void> {
  if (ending) return;
  ending = true;
  try {
    await target.leave(true);
    // The daemon takes its lock away as the last thing that it does.
    const lock = path.join(places.daemon, "daemon.lock");
    const late = performance.now() + END_WITHIN_MS;
    while (existsSync(lock) && performance.now() < late) await pause(100);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  }
  process.exit(0);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
