import type { CommandEnvelope } from "../src/core/model/command.js";
import { Driver, type DriverPorts } from "../src/engine/driver.js";
import { MemoryDisk, MemoryLedger } from "../src/ledger/memory.js";
import type { SeriesStore } from "../src/ports/series-store.js";
import type { CompiledEnvironment } from "../src/spec/compiled.js";
import { digestOf } from "../src/spec/digest.js";
import { ModelTarget } from "../src/targets/model/target.js";
import type { BenchResult } from "./result.js";

const ENVIRONMENTS = 10_000;
const PASSES = 200;
/** Virtual time between two passes: the engine's cadence while a deployment is in progress. */
const CADENCE_MS = 200;
const STAGE_MS = 60_000;
const MIB = 1024 * 1024;

/**
 * 10,000 canaries in progress under traffic in one process, on the model target: one pass is one look of the engine
 * (observe, read counts, judge, decide, append, apply) at every environment. The rollouts began at different times, so
 * that some enter a stage in every pass. The ledger is the model's: what a real one has on the disk is not resident.
 */
export async function run(): Promise<BenchResult> {
  let now = 1_000_000;
  const disk = new MemoryDisk();
  const target = new ModelTarget(() => now, { requestsPerSecond: 20 });
  const ports: DriverPorts = {
    ledger: new MemoryLedger(disk),
    target,
    signals: target,
    series: FORGETFUL,
    clock: { now: () => now, wall: () => now },
    term: 1,
    gates: () => [],
  };
  const drivers = Array.from({ length: ENVIRONMENTS }, (_, index) => new Driver(`bench/e${index}`, ports));
  for (const driver of drivers) await driver.command(deploy("v1"));
  for (let time = 0; time < 6; time++) {
    for (const driver of drivers) await driver.step();
    now += 5 * CADENCE_MS;
  }
  // In waves, so that stages end at different times.
  const waves = STAGE_MS / CADENCE_MS;
  for (let wave = 0; wave < waves; wave++) {
    const first = Math.floor((wave * ENVIRONMENTS) / waves);
    const last = Math.floor(((wave + 1) * ENVIRONMENTS) / waves);
    for (const driver of drivers.slice(first, last)) await driver.command(deploy("v2"));
    for (const driver of drivers.slice(Math.max(0, first - 200), last)) await driver.step();
    forget(disk);
    now += CADENCE_MS;
  }

  const times: number[] = [];
  const cpu: number[] = [];
  let decided = 0;
  let resident = 0;
  for (let pass = 0; pass < PASSES; pass++) {
    const from = performance.now();
    const used = process.cpuUsage();
    for (const driver of drivers) decided += (await driver.step()).decided;
    times.push(performance.now() - from);
    const { user, system } = process.cpuUsage(used);
    cpu.push((user + system) / 1_000);
    forget(disk);
    resident = Math.max(resident, process.memoryUsage().rss);
    now += CADENCE_MS;
  }

  const inProgress = drivers.filter(({ state }) => state.deployment?.outcome === null).length;
  for (const list of [times, cpu]) list.sort((a, b) => a - b);
  const figures = {
    passMsP99: rounded(times[Math.ceil(PASSES * 0.99) - 1] ?? 0),
    passMsMedian: rounded(times[PASSES / 2] ?? 0),
    passMsMax: rounded(times[PASSES - 1] ?? 0),
    passCpuMsMedian: rounded(cpu[PASSES / 2] ?? 0),
    passCpuMsP99: rounded(cpu[Math.ceil(PASSES * 0.99) - 1] ?? 0),
    residentMiB: rounded(resident / MIB),
    rollouts: inProgress,
    decisions: decided,
  };
  return {
    name: "engine",
    figures,
    reached: figures.passMsP99 <= 1_000 && figures.residentMiB <= 1_024 && inProgress === ENVIRONMENTS,
    lines: [
      `${inProgress} rollouts in progress, ${PASSES} passes over all of them, ${decided} events decided on the way`,
      `pass: median ${figures.passMsMedian} ms, p99 ${figures.passMsP99} ms (to reach: 1000), max ${figures.passMsMax} ms`,
      `processor time of a pass, all threads: median ${figures.passCpuMsMedian} ms, p99 ${figures.passCpuMsP99} ms`,
      `resident: ${figures.residentMiB} MiB at most (to reach: 1024)`,
    ],
  };
}

/** Telemetry goes to disk in a real control plane; here it goes nowhere. */
const FORGETFUL: SeriesStore = {
  write: async () => {},
  read: async () => [],
  putState: async () => {},
  getState: async () => null,
  removeState: async () => {},
  maintain: async () => {},
  close: async () => {},
};

/** Keeps how many records there are, in all and per stream, and nothing of what they say. */
function forget(disk: MemoryDisk): void {
  const [one] = disk.records;
  if (one === undefined) return;
  disk.records.fill(one);
  for (const records of disk.streams.values()) records.fill(one);
}

let sent = 0;

function deploy(version: string): CommandEnvelope {
  const digest = digestOf({ version });
  const release = { digest, label: version, version, commit: null, dirty: false, artefacts: {}, spec: digest };
  sent += 1;
  const command = { kind: "deploy" as const, release, environment: environment(version), reason: null, fast: false };
  return { command, key: `bench-${sent}`, expected: null, by: "bench" };
}

function environment(version: string): CompiledEnvironment {
  const stages = [10, 25, 50, 75, 100].map((share) => ({ share, minMs: STAGE_MS, maxMs: 2 * STAGE_MS }));
  return {
    name: "production",
    target: "host",
    protected: false,
    whenBusy: "supersede",
    rollbackWindow: 3,
    keepReleases: 10,
    freezes: [],
    resources: {},
    services: {
      web: {
        name: "web",
        run: { kind: "command", argv: ["app", version] },
        source: null,
        listen: { host: "127.0.0.1", port: 8080, tls: null },
        environment: {},
        probes: { startup: null, liveness: null, readiness: null },
        replicas: 2,
        cpu: null,
        memoryBytes: null,
        stopGraceMs: 1_000,
        strategy: { kind: "canary", stages, routes: [], sticky: null, keepOldMs: 0 },
        guards: [
          { signal: "errors", above: 0.05, forMs: 30_000, minSamples: 20, slowMs: null },
          { signal: "slow", above: 0.1, forMs: 30_000, minSamples: 20, slowMs: 500 },
        ],
        onTooLittleData: "hold",
        readyDeadlineMs: 60_000,
        edge: {
          outAfterFailures: 3,
          inAfterSuccesses: 2,
          retries: 1,
          holdMs: 1_000,
          drainMs: 1_000,
          requestTimeoutMs: 10_000,
          maxBodyBytes: 1_000_000,
        },
        uses: [],
        after: [],
      },
    },
  };
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
