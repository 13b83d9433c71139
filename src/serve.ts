import { mkdirSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { pino } from "pino";
import { serveApi } from "./api/listen.js";
import { API_PROTOCOL } from "./api/protocol.js";
import { openArtefacts } from "./artefacts/directory.js";
import { openClock, wallJumps } from "./engine/clock.js";
import { Engine, type EngineLog, SYSTEM_STREAM } from "./engine/engine.js";
import { LocalControlPlane } from "./engine/plane.js";
import { WindlassError } from "./error.js";
import { ledgerDesk } from "./ledger/desk.js";
import { type OpenLedger, openLedger } from "./ledger/open.js";
import type { Clock } from "./ports/clock.js";
import type { LedgerStore } from "./ports/ledger-store.js";
import { type Places, placesIn } from "./ports/places.js";
import { openSeries } from "./series/open.js";
import { collectArtefacts, collectImages } from "./serve/collect.js";
import { damagedPlane } from "./serve/damaged.js";
import { examine } from "./serve/doctor.js";
import { chooseEngine, settingsIn } from "./serve/engines.js";
import { freezeGates } from "./serve/gates.js";
import { keepDaemon } from "./serve/keep-daemon.js";
import { serveSignals } from "./serve/signals.js";
import { Secrets } from "./targets/host/daemon/secrets.js";
import { createHostTarget, type HostTarget } from "./targets/host/target.js";
import { connectKubernetes } from "./targets/kubernetes/client/connect.js";
import { createKubernetesTarget } from "./targets/kubernetes/target.js";
import { VERSION } from "./version.js";

/** What this version must not guess about: it then drives nothing. */
const UNREADABLE: ReadonlySet<string> = new Set(["ledger-corrupt", "ledger-unknown-event"]);
const LEASE_MS = 10_000;
const ENDING_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAEMON_HEAD_START_MS = 3_000;

/** The control plane's process: opens every adapter, recovers from the ledger, serves, and drives until told to stop. */
export async function serve(places: Places): Promise<void> {
  for (const directory of [places.home, places.logs, path.dirname(places.controlSocket)])
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  const logger = pino({
    base: { service: "control-plane", pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
  });
  const log: EngineLog = (level, message, facts) => logger[level](facts ?? {}, message);

  let store: OpenLedger;
  try {
    store = await openLedger({ directory: places.ledger });
  } catch (error) {
    if (!(error instanceof WindlassError) || !UNREADABLE.has(error.code)) throw error;
    return serveDamaged(places, error, log);
  }
  const lease = await store.acquire(`control-plane ${process.pid}`, LEASE_MS);
  const clock = openClock(path.join(places.home, "clock.json"), await lastEventAt(store));
  const series = await openSeries({ directory: places.series });
  const artefacts = await openArtefacts({ directory: places.artefacts });
  const host = createHostTarget({ places, clock });
  const stateOf = (key: string) => engine.driver(key)?.state ?? null;
  // The daemon's file: a secret is set in the same way wherever it is used.
  const secrets = new Secrets(path.join(places.daemon, "secrets"));
  const kubernetes = createKubernetesTarget({
    clock,
    secrets,
    connect: (settings) => connectKubernetes({ ...settings, clock, userAgent: `windlass/${VERSION}` }),
    settingsOf: (key) => settingsIn(stateOf(key)),
    report: (message, error) =>
      log(
        "warn",
        error === undefined ? message : `${message}: ${error instanceof Error ? error.message : String(error)}`,
      ),
  });
  const target = chooseEngine({ host, kubernetes, stateOf });
  await recordSystem(store, clock, "engine.started@1", { version: VERSION, term: lease.term });

  const stopping = new AbortController();
  let ending = false;
  let close: () => Promise<void> = async () => {};
  const shutdown = async (code: number): Promise<void> => {
    if (ending) return;
    ending = true;
    stopping.abort();
    engine.stop();
    await close();
    await signals.close();
    await kubernetes.close();
    host.close();
    await lease.release();
    await series.close();
    await store.close();
    process.exit(code);
  };
  const fatal = (error: unknown): void => {
    log("error", `ends: ${error instanceof Error ? error.message : String(error)}`);
    void shutdown(1);
  };

  const signals = serveSignals(places, clock, log);
  const gates = (state: Parameters<typeof freezeGates>[0]) => freezeGates(state, clock.wall(), clock.now());
  const engine = new Engine(
    { ledger: store, target, signals: target, series, provider: signals, clock, term: lease.term, gates },
    log,
    fatal,
  );
  const plane = new LocalControlPlane({
    engine,
    store,
    series,
    target,
    artefacts,
    clock,
    about: { version: VERSION, protocol: API_PROTOCOL, pid: process.pid, home: places.home },
    ledger: ledgerDesk(places.ledger, store),
    secrets: (environment, values) => host.setSecrets(environment, values),
    hasSecret: (environment, name) => secrets.has(environment, name),
    doctor: () => examine(places, host, engine),
    stop: async ({ everything }) => {
      // Nobody may start the daemon again while it leaves.
      stopping.abort();
      engine.stop();
      try {
        await host.watchControlPlane(null);
        if (everything) await endEverything(host);
      } catch (error) {
        log("warn", `the daemon was not told: ${error instanceof Error ? error.message : String(error)}`);
      }
      setImmediate(() => void shutdown(0));
    },
  });

  try {
    await engine.load();
  } catch (error) {
    if (!(error instanceof WindlassError) || !UNREADABLE.has(error.code)) throw error;
    await lease.release();
    await store.close();
    return serveDamaged(places, error, log);
  }
  // A first look at a target that is still starting would only say so.
  await Promise.race([firstDaemon(host, log), sleep(DAEMON_HEAD_START_MS)]);
  const server = await serveApi(plane, { log, socket: places.controlSocket });
  close = () => server.close();
  engine.start();

  const beat = every(LEASE_MS / 3, stopping.signal, () => lease.renew(), fatal);
  const jump = wallJumps(clock);
  const watch = every(
    1_000,
    stopping.signal,
    async () => {
      const byMs = jump();
      if (byMs !== 0) await recordSystem(store, clock, "clock.jumped@1", { byMs });
    },
    fatal,
  );
  const daemon = keepDaemon(host, places, stopping.signal, log);
  const tidy = every(
    HOUR_MS,
    stopping.signal,
    async () => {
      await series.maintain(clock.now());
      await collectArtefacts(engine, artefacts, log);
      await collectImages(engine, host, log);
    },
    (error) => log("warn", `could not tidy up: ${String(error)}`),
  );
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => void shutdown(0));
  await Promise.all([beat, watch, daemon, tidy]);
}

/** Serves the ledger's own verbs only; replicas and edge are not touched. */
async function serveDamaged(places: Places, reason: WindlassError, log: EngineLog): Promise<void> {
  const store = await openLedger({ directory: places.ledger, damaged: true });
  const about = { version: VERSION, protocol: API_PROTOCOL, pid: process.pid, home: places.home };
  const ended = new Promise<void>((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => resolve());
    const plane = damagedPlane(reason, about, ledgerDesk(places.ledger, store), async () => resolve());
    serveApi(plane, { log, socket: places.controlSocket }).catch((error: unknown) => {
      log("error", `the API cannot be served: ${error instanceof Error ? error.message : String(error)}`);
      resolve();
    });
  });
  log("error", `drives nothing: ${reason.message}`);
  await ended;
  await store.close();
  process.exit(0);
}

/** Resolves when the daemon has ended, or after a while: it drains, and each replica has its grace. */
async function endEverything(target: HostTarget): Promise<void> {
  await target.leave(true);
  const end = performance.now() + ENDING_MS;
  while (performance.now() < end) {
    try {
      await target.hello();
    } catch (error) {
      if (error instanceof WindlassError) return;
      throw error;
    }
    await sleep(50);
  }
}

async function firstDaemon(target: HostTarget, log: EngineLog): Promise<void> {
  try {
    await target.ensureDaemon();
  } catch (error) {
    log("warn", `no daemon yet: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function lastEventAt(store: LedgerStore): Promise<number> {
  let at = 0;
  for (const { stream, version } of await store.streams())
    for await (const event of store.read(stream, version - 1)) at = Math.max(at, event.at);
  return at;
}

async function recordSystem(store: LedgerStore, clock: Clock, type: string, data: unknown): Promise<void> {
  const version = (await store.streams()).find(({ stream }) => stream === SYSTEM_STREAM)?.version ?? 0;
  const wall = new Date(clock.wall()).toISOString();
  // Starting must work on a full disk, too: a rollback may be what is needed.
  const event = { type, data, at: clock.now(), wall, by: "engine", key: null };
  await store.append(SYSTEM_STREAM, version, [event], { fromReserve: true });
}

/** Runs `work` with `ms` between runs until the signal; a failure goes to `onError`, and it runs again. */
async function every(
  ms: number,
  signal: AbortSignal,
  work: () => Promise<void>,
  onError: (error: unknown) => void,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await work();
    } catch (error) {
      if (!signal.aborted) onError(error);
    }
    await new Promise((resolve) => setTimeout(resolve, ms).unref());
  }
}

/** `node dist/serve.js --home <directory> [--sockets <directory>]`: what the CLI and the daemon start. */
function main(): void {
  const { values } = parseArgs({ options: { home: { type: "string" }, sockets: { type: "string" } } });
  if (values.home === undefined) {
    process.stderr.write("serve needs --home <directory>\n");
    process.exit(2);
  }
  serve(placesIn(values.home, values.sockets)).catch((error: unknown) => {
    const known = error instanceof WindlassError;
    process.stderr.write(
      `${JSON.stringify({ level: "error", ...(known ? error.toJSON() : { code: "bug", message: String(error), stack: (error as Error).stack }) })}\n`,
    );
    process.exit(known ? 2 : 1);
  });
}

if (process.argv[1] !== undefined && import.meta.filename === path.resolve(process.argv[1])) main();
