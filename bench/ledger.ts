import { mkdir, mkdtemp, rm } from "node:fs/promises";
import path from "node:path";
import Database from "libsql";
import type { NewEvent } from "../src/core/model/event.js";
import { openLedger } from "../src/ledger/open.js";
import type { BenchResult } from "./result.js";

const ROUNDS = 5;
const ROUND_MS = 3_000;
const WRITERS = 16;
const EVENTS = 1_000_000;
const VERIFY_ROUNDS = 3;
const TO_REACH = { appendsPerSecond: 5_000, verifySeconds: 15 };

/** A stage that began, as the engine records it: about 400 bytes. */
const event: NewEvent = {
  type: "rollout.stage-started@1",
  data: {
    service: "customer-service",
    stage: 3,
    share: 25,
    minMs: 60_000,
    weights: { g1: 75, g2: 25 },
    reason: "x".repeat(80),
  },
  at: 1_795_248_000_000,
  wall: "2026-11-21T08:00:00.000Z",
  by: "engine",
  key: null,
};

/** Durable appends by 16 writers beside single SQLite inserts, in turns on the same disk; then verifying 1,000,000 events. */
export async function run(): Promise<BenchResult> {
  const state = path.join(process.cwd(), ".windlass");
  await mkdir(state, { recursive: true });
  // In the checkout, not in the temporary directory: that is memory on many machines.
  const directory = await mkdtemp(path.join(state, "bench-ledger-"));
  try {
    const appends: number[] = [];
    const singles: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      appends.push(await appendsPerSecond(path.join(directory, `round${round}`)));
      singles.push(singleInsertsPerSecond(path.join(directory, `single${round}.db`)));
    }
    const verified = await verifySeconds(path.join(directory, "million"));
    const figures = {
      appendsPerSecond: Math.round(median(appends)),
      appendsPerSecondMin: Math.round(Math.min(...appends)),
      singleInsertsPerSecond: Math.round(median(singles)),
      verifySeconds: Number(median(verified.wall).toFixed(2)),
      verifyCpuSeconds: Number(median(verified.cpu).toFixed(2)),
      verifySecondsMax: Number(Math.max(...verified.wall).toFixed(2)),
    };
    const reached =
      figures.appendsPerSecond >= TO_REACH.appendsPerSecond && figures.verifySeconds <= TO_REACH.verifySeconds;
    const lines = [
      `                                                   min     median        max`,
      row(`appends/s, ${WRITERS} writers, each durable (>= 5,000)`, appends, 0),
      row("single SQLite inserts/s, WAL, synchronous FULL", singles, 0),
      row("seconds to verify 1,000,000 events (<= 15)", verified.wall, 2),
      row("  of which CPU, steadier on a shared machine", verified.cpu, 2),
    ];
    return { name: "ledger", figures, reached, lines };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function appendsPerSecond(directory: string): Promise<number> {
  const ledger = await openLedger({ directory });
  await ledger.acquire("bench", 600_000);
  let count = 0;
  const started = performance.now();
  const writer = async (_: unknown, index: number) => {
    for (let version = 0; performance.now() - started < ROUND_MS; version += 1) {
      await ledger.append(`bench/${index}`, version, [event]);
      count += 1;
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, writer));
  const seconds = (performance.now() - started) / 1_000;
  await ledger.close();
  return count / seconds;
}

function singleInsertsPerSecond(file: string): number {
  const db = new Database(file);
  db.exec(
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE events (n INTEGER PRIMARY KEY, record TEXT)",
  );
  const insert = db.prepare("INSERT INTO events VALUES (?, ?)");
  const record = JSON.stringify(event);
  let count = 0;
  const started = performance.now();
  while (performance.now() - started < ROUND_MS) insert.run([++count, record]);
  const seconds = (performance.now() - started) / 1_000;
  db.close();
  return count / seconds;
}

async function verifySeconds(directory: string): Promise<{ wall: number[]; cpu: number[] }> {
  const ledger = await openLedger({ directory });
  const batch = Array.from({ length: 500 }, () => event);
  for (let version = 0; version < EVENTS / 10; version += batch.length) {
    await Promise.all(Array.from({ length: 10 }, (_, index) => ledger.append(`bench/${index}`, version, batch)));
  }
  const pinned = { checkpoint: await ledger.audit.checkpoint() };
  const seconds = { wall: [] as number[], cpu: [] as number[] };
  for (let round = 0; round < VERIFY_ROUNDS; round += 1) {
    const [started, cpu] = [performance.now(), process.cpuUsage()];
    const report = await ledger.audit.verify({ pinned });
    const { user, system } = process.cpuUsage(cpu);
    seconds.wall.push((performance.now() - started) / 1_000);
    seconds.cpu.push((user + system) / 1_000_000);
    if (!report.sound || report.size !== EVENTS)
      throw new Error(`The ledger does not verify: ${JSON.stringify(report)}`);
  }
  await ledger.close();
  return seconds;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function row(name: string, values: readonly number[], digits: number): string {
  const figures = [Math.min(...values), median(values), Math.max(...values)];
  return name.padEnd(46) + figures.map((value) => value.toFixed(digits).padStart(11)).join("");
}
