import type { EngineLog } from "../engine/engine.js";
import type { Places } from "../ports/places.js";
import { identify } from "../targets/host/supervisor/process-table.js";
import type { HostTarget } from "../targets/host/target.js";
import { VERSION } from "../version.js";

const EVERY_MS = 500;

/**
 * Sees to it that a daemon of this version runs and knows how to start this process again. A daemon of another
 * version leaves; replicas and edge go on, and the new one adopts them.
 */
export async function keepDaemon(
  target: HostTarget,
  places: Places,
  signal: AbortSignal,
  log: EngineLog,
): Promise<void> {
  const argv = [...process.execArgv, ...process.argv.slice(1)];
  const { pid, startTime } = identify(process.pid);
  let known: number | null = null;
  let failing = false;
  while (!signal.aborted) {
    try {
      await target.ensureDaemon();
      const hello = await target.hello();
      // Who stops has told the daemon to forget it: registering now would bring it back.
      if (signal.aborted) return;
      if (hello.version !== VERSION) {
        log("info", `the daemon is ${hello.version}; ${VERSION} takes over`, { home: places.home });
        await target.leave(false);
        known = null;
      } else if (hello.pid !== known) {
        await target.watchControlPlane({ argv, pid, startTime });
        known = hello.pid;
      }
      failing = false;
    } catch (error) {
      if (!failing) log("warn", `no daemon: ${error instanceof Error ? error.message : String(error)}`);
      failing = true;
      known = null;
    }
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS).unref());
  }
}
