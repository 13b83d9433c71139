import { spawn, spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { Arena, type Contestant } from "./edge/contestants.js";
import type { BenchResult } from "./result.js";

const ROUNDS = 5;
const SECONDS = 3;
const CONNECTIONS = 64;
const TICKS_PER_SECOND = 100;

interface Sample {
  readonly requestsPerSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly cpuMicroseconds: number;
  readonly errors: number;
}

export interface EdgeBenchOptions {
  readonly rounds?: number;
  readonly seconds?: number;
  /** Names of contestants to run; all when absent. */
  readonly only?: readonly string[];
  readonly main?: string;
}

/** The edge beside other proxies, before the same nginx, in interleaved rounds. Linux only: CPU time is read from /proc. */
export async function run(options: EdgeBenchOptions = {}): Promise<BenchResult> {
  const missing = ["nginx", "haproxy", "wrk"].filter((tool) => spawnSync("which", [tool]).status !== 0);
  if (missing.length > 0) {
    const lines = [`missing: ${missing.join(", ")}. On Debian: apt-get install -y nginx haproxy wrk`];
    return { name: "edge", figures: {}, reached: false, lines };
  }
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), "windlass-bench-edge-"));
  const arena = new Arena(directory);
  try {
    const upstream = await arena.nginxUpstream();
    const main = options.main ?? path.join(import.meta.dirname, "../dist/targets/host/edge/main.js");
    const wanted: readonly [string, () => Promise<Contestant>][] = [
      ["edge", () => arena.edge("edge", main, upstream, 1)],
      ["bare undici", () => arena.script("bare undici", "bare-undici.ts", upstream)],
      ["nginx", () => arena.nginx("nginx", upstream, 1)],
      ["edge, 2 processes", () => arena.edge("edge, 2 processes", main, upstream, 2)],
      ["nginx, 2 workers", () => arena.nginx("nginx, 2 workers", upstream, 2)],
      ["haproxy", () => arena.haproxy("haproxy", upstream)],
      ["http-proxy-3", () => arena.script("http-proxy-3", "http-proxy-3.ts", upstream)],
      ["fast-proxy", () => arena.script("fast-proxy", "fast-proxy.ts", upstream)],
    ];
    const contestants: Contestant[] = [];
    for (const [name, start] of wanted)
      if (options.only === undefined || options.only.includes(name)) contestants.push(await start());
    const samples = new Map<string, Sample[]>(contestants.map(({ name }) => [name, []]));
    for (const contestant of contestants) await measure(contestant, 1);
    for (let round = 0; round < (options.rounds ?? ROUNDS); round++) {
      // Each round begins with another one, so that a drift of the machine does not always hit the same.
      for (let step = 0; step < contestants.length; step++) {
        const contestant = contestants[(round + step) % contestants.length] as Contestant;
        samples.get(contestant.name)?.push(await measure(contestant, options.seconds ?? SECONDS));
      }
    }
    return resultOf(samples);
  } finally {
    await arena.end();
    fs.rmSync(directory, { recursive: true, force: true });
  }
}

function resultOf(samples: ReadonlyMap<string, readonly Sample[]>): BenchResult {
  const middle = (name: string, field: keyof Sample) => median((samples.get(name) ?? []).map((one) => one[field]));
  const round = (value: number) => Math.round(value * 1_000) / 1_000;
  const figures = {
    // Ratios of the same round, then their median: both sides had the machine in the same state.
    cpuRatioToBareUndici: round(paired(samples, "edge", "bare undici", "cpuMicroseconds")),
    ratioToNginxOneProcess: round(paired(samples, "edge", "nginx", "requestsPerSecond")),
    ratioToNginxTwoProcesses: round(paired(samples, "edge, 2 processes", "nginx, 2 workers", "requestsPerSecond")),
  };
  const lines = [
    `${CONNECTIONS} connections, ${[...samples.values()][0]?.length ?? 0} interleaved rounds; median (lowest to highest)`,
    "| proxy | requests/s | p50 ms | p99 ms | CPU µs/request | errors |",
    "|---|---|---|---|---|---|",
  ];
  for (const [name, runs] of samples) {
    const rates = runs.map((one) => one.requestsPerSecond);
    const cpu = runs.map((one) => one.cpuMicroseconds);
    lines.push(
      `| ${name} | ${spread(rates, 0)} | ${middle(name, "p50").toFixed(2)} | ${middle(name, "p99").toFixed(2)} | ${spread(cpu, 0)} | ${runs.reduce((sum, one) => sum + one.errors, 0)} |`,
    );
  }
  const reached =
    figures.cpuRatioToBareUndici <= 1.3 &&
    figures.ratioToNginxOneProcess >= 0.25 &&
    figures.ratioToNginxTwoProcesses >= 0.4;
  return { name: "edge", figures, reached, lines };
}

function paired(
  samples: ReadonlyMap<string, readonly Sample[]>,
  ours: string,
  theirs: string,
  field: keyof Sample,
): number {
  const others = samples.get(theirs) ?? [];
  return median((samples.get(ours) ?? []).map((one, round) => one[field] / (others[round]?.[field] ?? Number.NaN)));
}

async function measure(contestant: Contestant, seconds: number): Promise<Sample> {
  const pids = contestant.pids();
  const before = cpuSeconds(pids);
  const output = await wrk(contestant.port, seconds);
  const cpu = cpuSeconds(pids) - before;
  const number = (pattern: RegExp) => Number(pattern.exec(output)?.[1] ?? 0);
  const requests = number(/(\d+) requests in/);
  const socketErrors = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(output);
  return {
    requestsPerSecond: number(/Requests\/sec:\s+([\d.]+)/),
    p50: milliseconds(/50%\s+([\d.]+)(us|ms|s)/.exec(output)),
    p99: milliseconds(/99%\s+([\d.]+)(us|ms|s)/.exec(output)),
    cpuMicroseconds: (cpu / requests) * 1e6,
    errors:
      number(/Non-2xx or 3xx responses: (\d+)/) + (socketErrors?.slice(1).reduce((sum, n) => sum + Number(n), 0) ?? 0),
  };
}

function wrk(port: number, seconds: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const argv = [
      "-t1",
      `-c${CONNECTIONS}`,
      `-d${seconds}s`,
      "--latency",
      `http://127.0.0.1:${port}/api/customers?page=1`,
    ];
    const child = spawn("wrk", argv, { stdio: ["ignore", "pipe", "inherit"] });
    let output = "";
    child.stdout.on("data", (chunk) => {
      output += chunk;
    });
    child.on("error", reject);
    child.on("close", () => resolve(output));
  });
}

/** User and system time of the processes. */
function cpuSeconds(pids: readonly number[]): number {
  let ticks = 0;
  for (const pid of pids) {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks / TICKS_PER_SECOND;
}

function milliseconds(match: RegExpExecArray | null): number {
  if (match === null) return Number.NaN;
  return Number(match[1]) * ({ us: 0.001, ms: 1, s: 1_000 }[match[2] as "us" | "ms" | "s"] ?? 1);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1
    ? (sorted[half] ?? Number.NaN)
    : ((sorted[half - 1] ?? Number.NaN) + (sorted[half] ?? Number.NaN)) / 2;
}

function spread(values: readonly number[], digits: number): string {
  return `${median(values).toFixed(digits)} (${Math.min(...values).toFixed(digits)} to ${Math.max(...values).toFixed(digits)})`;
}
