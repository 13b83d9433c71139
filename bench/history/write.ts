import type { CommandEnvelope } from "../../src/core/model/command.js";
import type { EventRecord, NewEvent } from "../../src/core/model/event.js";
import { Driver } from "../../src/engine/driver.js";
import { MemoryLedger } from "../../src/ledger/memory.js";
import { openLedger } from "../../src/ledger/open.js";
import type { SeriesStore } from "../../src/ports/series-store.js";
import { canary, rolling } from "../../src/spec/define.js";
import { ModelTarget } from "../../src/targets/model/target.js";
import { keyOf, type Version, versionOf } from "../installation/system.js";

const BATCH = 500;
const HALF_A_YEAR_MS = 182 * 24 * 3_600_000;

/** Telemetry of a past that nobody reads. */
const FORGETFUL: SeriesStore = {
  write: async () => {},
  read: async () => [],
  putState: async () => {},
  getState: async () => null,
  removeState: async () => {},
  maintain: async () => {},
  close: async () => {},
};

/**
 * Writes a ledger with a past of at least `events` events: the real engine deploys release after release on the model
 * target, in virtual time, and what it decided is appended through the ledger. In the end every environment is down, so
 * that the control plane that opens the ledger has nothing to run. Resolves with the number of events.
 */
export async function writeHistory(
  directory: string,
  environments: readonly string[],
  events: number,
): Promise<number> {
  const ledger = await openLedger({ directory });
  const lease = await ledger.acquire("bench", 600_000);
  let written = 0;
  for (const name of environments) {
    const records = await past(name, Math.ceil(events / environments.length));
    for (let at = 0; at < records.length; at += BATCH)
      await ledger.append(records[0]?.stream ?? "", at, records.slice(at, at + BATCH).map(draft));
    written += records.length;
  }
  await lease.release();
  await ledger.close();
  return written;
}

async function past(name: string, events: number): Promise<readonly EventRecord[]> {
  let now = Date.now() - HALF_A_YEAR_MS;
  const target = new ModelTarget(() => now, { requestsPerSecond: 20 });
  const ledger = new MemoryLedger();
  const key = keyOf(version(name, 0));
  const driver = new Driver(key, {
    ledger,
    target,
    signals: target,
    series: FORGETFUL,
    clock: { now: () => now, wall: () => now },
    term: 1,
    gates: () => [],
  });
  const step = async () => {
    const { decided, applied, wakeAt } = await driver.step();
    now += decided > 0 || applied ? 20 : Math.min(5_000, Math.max(100, (wakeAt ?? now) - now));
  };
  for (let n = 0; driver.state.version < events; n++) {
    await driver.command(deploy(name, n));
    for (let steps = 0; steps === 0 || driver.state.deployment?.outcome === null; steps++) {
      if (steps > 10_000) throw new Error(`${key}: deployment ${n} does not end`);
      await step();
    }
    now += 60_000;
  }
  const down = { kind: "down", reason: "the past is over" } as const;
  await driver.command({ command: down, key: `${name}-down`, expected: null, by: "user:bench" });
  await step();
  const records: EventRecord[] = [];
  for await (const record of ledger.read(key, 0)) records.push(record);
  return records;
}

function version(name: string, n: number): Version {
  const strategy =
    n % 2 === 0
      ? rolling({ observe: "5s" })
      : canary({ stages: [10, 25, 50].map((share) => ({ share, time: { min: "5s", max: "1m" } })), keepOld: "10s" });
  return versionOf({ label: `0.${name}.${n}`, port: 8080, environment: name, replicas: 3, strategy });
}

function deploy(name: string, n: number): CommandEnvelope {
  const { release, environment } = version(name, n);
  const command = { kind: "deploy", release, environment, reason: `change ${n}`, fast: false } as const;
  return { command, key: `${name}-${n}`, expected: null, by: "user:bench" };
}

function draft({ type, data, at, wall, by, key }: EventRecord): NewEvent {
  return { type, data, at, wall, by, key };
}
