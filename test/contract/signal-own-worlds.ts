import { chmod, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { openSignalProvider } from "../../src/observe/signals/open.js";
import { OtlpIntake } from "../../src/observe/signals/otlp/intake.js";
import { listenForOtlp } from "../../src/observe/signals/otlp/listen.js";
import type { SignalWorld } from "./signal-provider.js";
import { STALE_MS } from "./signal-provider.js";
import { Counters, POLLED } from "./signal-web-worlds.js";

const WALL = Date.parse("2026-11-21T08:00:00Z");
const thrown = (error: unknown): never => {
  throw error;
};
const noSecret = async (): Promise<never> => {
  throw new Error("nobody has a secret here");
};

/** Services that send cumulative sums whenever something happened. */
export async function otlpWorld(): Promise<SignalWorld> {
  const counters = new Counters();
  const started = new Map<string, number>();
  let silent = false;
  const clock = { now: () => world.now, wall: () => WALL + world.now };
  const intake = new OtlpIntake(clock, thrown);
  const listening = await listenForOtlp(intake, { host: "127.0.0.1", port: 0 });
  const provider = openSignalProvider({ clock, secret: noSecret, otlp: intake, directory: "/", report: thrown });
  const send = async (group: string): Promise<void> => {
    world.now += 1;
    if (silent) return;
    const { bad = 0, total = 0 } = counters.of(group) ?? {};
    const nanos = (ms: number): string => `${ms}000000`;
    const point = (asInt: number, status: string) => ({
      startTimeUnixNano: nanos(started.get(group) ?? 0),
      timeUnixNano: nanos(clock.wall()),
      asInt: String(asInt),
      attributes: [{ key: "status", value: { intValue: status } }],
    });
    const sum = {
      isMonotonic: true,
      aggregationTemporality: 2,
      dataPoints: [point(total - bad, "200"), ...(bad > 0 ? [point(bad, "503")] : [])],
    };
    const resource = {
      "service.name": "web",
      "windlass.environment": "shop/production",
      "service.instance.id": `web-${group}-1`,
    };
    const attributes = Object.entries(resource).map(([key, stringValue]) => ({ key, value: { stringValue } }));
    const resourceMetrics = [
      {
        resource: { attributes },
        scopeMetrics: [
          {
            metrics: [
              { name: "requests", sum },
              { name: "heap", gauge: {} },
            ],
          },
        ],
      },
    ];
    const answer = await fetch(`${listening.url}/v1/metrics`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ resourceMetrics }),
    });
    if (answer.status !== 200 || (await answer.text()) !== "{}") throw new Error(`not taken: ${answer.status}`);
  };
  const start = async (group: string): Promise<void> => {
    counters.begin(group);
    started.set(group, clock.wall());
    await send(group);
  };
  const world: SignalWorld = {
    provider,
    source: {
      ...POLLED,
      kind: "otlp",
      total: { metric: "requests", attributes: {} },
      bad: { metric: "requests", attributes: { status: "5*" } },
    },
    now: 1_000_000,
    start,
    async serve(group, served) {
      counters.add(group, served);
      await send(group);
    },
    restart: start,
    async away() {
      silent = true;
      world.now += STALE_MS;
    },
    async back() {
      silent = false;
      await send("r1");
      await send("r2");
    },
    hang: () => Promise.reject(new Error("nobody is asked")),
    async end() {
      await provider.close();
      await listening.close();
    },
  };
  return world;
}

const SCRIPT = `
const [file, group] = process.argv.slice(2);
const fs = require("node:fs");
if (fs.existsSync(file + ".hang")) setInterval(() => {}, 1000);
else {
  console.log("measures", process.env.WINDLASS_SIGNAL_SIDE, process.env.WINDLASS_SIGNAL_GROUP);
  const counts = fs.existsSync(file + group) ? fs.readFileSync(file + group, "utf8") : '{"bad":0,"total":0}';
  fs.rmSync(file + group, { force: true });
  console.log(counts);
}
`;

/** A program that measures what there is to measure when it is called. */
export async function commandWorld(): Promise<SignalWorld & { readonly directory: string }> {
  const directory = await mkdtemp(path.join(os.tmpdir(), "windlass-signal-"));
  const script = path.join(directory, "measure");
  await writeFile(script, `#!/usr/bin/env node\n${SCRIPT}`);
  await chmod(script, 0o755);
  const clock = { now: () => world.now, wall: () => WALL + world.now };
  const provider = openSignalProvider({ clock, secret: noSecret, otlp: null, directory, report: thrown });
  const counters = new Counters();
  const world = {
    provider,
    directory,
    source: { ...POLLED, kind: "command", argv: [script, path.join(directory, "counts-"), "{{group}}"] },
    now: 1_000_000,
    start: async (group) => counters.begin(group),
    serve: (group, served) => writeFile(path.join(directory, `counts-${group}`), JSON.stringify(served)),
    restart: async (group) => counters.begin(group),
    away: () => rename(script, `${script}.away`),
    back: () => rename(`${script}.away`, script),
    hang: () => writeFile(path.join(directory, "counts-.hang"), ""),
    async end() {
      await provider.close();
      await rm(directory, { recursive: true, force: true });
    },
  } satisfies SignalWorld & { directory: string };
  return world;
}
