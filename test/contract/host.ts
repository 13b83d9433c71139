import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Places } from "../../src/ports/places.js";
import { placesIn } from "../../src/ports/places.js";
import { instanceOf } from "../../src/targets/host/daemon/parts.js";
import { isAlive, processRow } from "../../src/targets/host/supervisor/process-table.js";
import { marked } from "../../src/targets/host/supervisor/process-tree.js";
import { createHostTarget, type HostTarget } from "../../src/targets/host/target.js";

export interface Host {
  readonly places: Places;
  readonly target: HostTarget;
  /** The process that holds the daemon's lock. */
  daemonPid(): number;
  edgePid(): Promise<number>;
  /** SIGKILL; resolves when it is gone. */
  kill(pid: number): Promise<void>;
  /** Ends everything that was started here and removes the directories. */
  end(): Promise<void>;
}

/** A host target with a daemon of its own in a temporary directory. */
export async function startHost(): Promise<Host> {
  const home = mkdtempSync(path.join(os.tmpdir(), "windlass-host-"));
  const places = placesIn(home, path.join(home, "s"));
  mkdirSync(path.join(home, "s"), { mode: 0o700 });
  const target = createHostTarget({ places, clock: { now: () => performance.now(), wall: () => Date.now() } });
  await target.ensureDaemon();
  const daemonPid = (): number => JSON.parse(readFileSync(path.join(places.daemon, "daemon.lock"), "utf8")).pid;
  return {
    places,
    target,
    daemonPid,
    edgePid: async () => (await target.facts()).edge?.pid ?? 0,
    async kill(pid) {
      const row = processRow(pid);
      process.kill(pid, "SIGKILL");
      if (row !== null) await eventually(() => !isAlive(row), "the process is gone");
    },
    async end() {
      await target.ensureDaemon();
      const daemon = processRow(daemonPid());
      await target.leave(true);
      if (daemon !== null) await eventually(() => !isAlive(daemon), "the daemon has ended");
      target.close();
      const left = marked([`WINDLASS_INSTANCE=${instanceOf(home)}`]);
      for (const row of left) process.kill(row.pid, "SIGKILL");
      rmSync(path.join("/var/lib/windlass-data", instanceOf(home)), { recursive: true, force: true });
      rmSync(home, { recursive: true, force: true });
      if (left.length > 0) throw new Error(`left running: ${left.map((row) => row.pid).join(", ")}`);
    },
  };
}

/** Waits for something to become true, or truthy; the limit is for a broken world, not a measurement. */
export async function eventually<T>(
  look: () => Promise<T | null | false | undefined> | T | null | false | undefined,
  what: string,
  withinMs = 30_000,
): Promise<T> {
  const end = performance.now() + withinMs;
  let last: unknown;
  for (;;) {
    try {
      const found = await look();
      if (found !== null && found !== undefined && found !== false) return found;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (performance.now() > end) throw new Error(`never: ${what}`, { cause: last });
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
