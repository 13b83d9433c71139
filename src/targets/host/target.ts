import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync } from "node:fs";
import path from "node:path";
import readline from "node:readline";
import type { EnvironmentKey } from "../../core/model/intent.js";
import type { Observation } from "../../core/model/observation.js";
import { WindlassError } from "../../error.js";
import type { Clock } from "../../ports/clock.js";
import type { Places } from "../../ports/places.js";
import type { Application, LogLine, LogQuery, SignalReading, SignalSource, Target } from "../../ports/target.js";
import type { SpentImage } from "./container/spent-image.js";
import { counted, signals } from "./counted.js";
import { daemonArgv as defaultArgv } from "./daemon/entry.js";
import type { ControlPlane, Facts, Hello, Observed, RemovedImages, Signals } from "./daemon/protocol.js";
import { UnixHttp } from "./daemon/unix-http.js";
import { readSignals } from "./reading.js";
import type { SignalCursor } from "./second-map.js";

export interface HostTargetOptions {
  readonly places: Places;
  readonly clock: Clock;
  /** Arguments of Node.js that start a daemon; the default starts this version's. */
  readonly daemonArgv?: readonly string[];
}

/** The host target as the engine sees it: a client of the daemon's socket. */
export interface HostTarget extends Target, SignalSource {
  /** Finds the daemon or starts one: by the live edge, so that it inherits the listening sockets, else by itself. */
  ensureDaemon(): Promise<void>;
  hello(): Promise<Hello>;
  facts(): Promise<Facts>;
  /** Ends all processes of an environment and forgets its intent; the data of its resources stays. */
  remove(environment: EnvironmentKey): Promise<void>;
  setSecrets(environment: EnvironmentKey, values: Readonly<Record<string, string | null>>): Promise<void>;
  /** The daemon starts this process again when it dies; null: it ends on purpose. */
  watchControlPlane(process: ControlPlane | null): Promise<void>;
  /** Takes images from this machine's Engine that nothing runs. Resolves with the references of those that went. */
  removeImages(images: readonly SpentImage[]): Promise<readonly string[]>;
  /** Ends the daemon; with `everything` replicas, resources and edge, too. Resolves when it has said yes. */
  leave(everything: boolean): Promise<void>;
  close(): void;
}

const DEADLINE_MS = 5_000;
/** An Engine takes seconds for each image of many files. */
const IMAGES_MS = 10 * 60_000;
const START_WITHIN_MS = 30_000;
const POLL_MS = 50;

export function createHostTarget(options: HostTargetOptions): HostTarget {
  const { places, clock } = options;
  const daemon = new UnixHttp(places.daemonSocket, "daemon");
  const edge = new UnixHttp(places.edgeSocket, "edge");
  const argv = options.daemonArgv ?? defaultArgv(places);
  const get = <T>(path: string): Promise<T> => daemon.json<T>({ method: "GET", path, deadlineMs: DEADLINE_MS });
  const put = async (path: string, body: unknown): Promise<void> => {
    await daemon.json({ method: "PUT", path, body, deadlineMs: DEADLINE_MS });
  };
  const hello = (): Promise<Hello> => get<Hello>("/hello");
  let starting: Promise<void> | null = null;

  return {
    async observe(environment) {
      const seenAt = clock.now();
      const observed = await get<Observed>(`/observe?${new URLSearchParams({ environment })}`);
      return { ...observed, seenAt } satisfies Observation;
    },
    apply: (environment, application: Application) => put("/apply", { environment, ...application }),
    logs: (environment, query, signal) => logs(daemon, environment, query, signal),
    read(environment, cursor): Promise<SignalReading> {
      const page = async (after: SignalCursor | null): Promise<Signals> => {
        const query = {
          environment,
          since: String(after?.second ?? 0),
          ...(after === null ? {} : { edge: after.edge }),
        };
        return counted(signals, await get(`/signals?${new URLSearchParams(query)}`), "daemon");
      };
      return readSignals(page, cursor, () => clock.now());
    },
    ensureDaemon() {
      starting ??= ensure(hello, edge, argv, places).finally(() => {
        starting = null;
      });
      return starting;
    },
    hello,
    facts: () => get<Facts>("/facts"),
    async remove(environment) {
      const path = `/environment?${new URLSearchParams({ environment })}`;
      await daemon.json({ method: "DELETE", path, deadlineMs: DEADLINE_MS });
    },
    setSecrets: (environment, values) => put("/secrets", { environment, values }),
    async watchControlPlane(process) {
      if (process !== null) return put("/control-plane", process);
      await daemon.json({ method: "DELETE", path: "/control-plane", deadlineMs: DEADLINE_MS });
    },
    async removeImages(images) {
      const request = { method: "POST", path: "/images/remove", body: { images }, deadlineMs: IMAGES_MS } as const;
      return (await daemon.json<RemovedImages>(request)).removed;
    },
    async leave(everything) {
      await daemon.json({ method: "POST", path: "/leave", body: { everything }, deadlineMs: DEADLINE_MS });
    },
    close() {
      daemon.close();
      edge.close();
    },
  };
}

async function* logs(
  daemon: UnixHttp,
  environment: EnvironmentKey,
  query: LogQuery,
  signal: AbortSignal,
): AsyncGenerator<LogLine> {
  const parameters = new URLSearchParams({ environment, lines: String(query.lines), follow: query.follow ? "1" : "0" });
  if (query.service !== null) parameters.set("service", query.service);
  if (query.replica !== null) parameters.set("replica", query.replica);
  try {
    const response = await daemon.open(`/logs?${parameters}`, signal);
    for await (const line of readline.createInterface({ input: response })) yield JSON.parse(line) as LogLine;
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

async function ensure(
  hello: () => Promise<Hello>,
  edge: UnixHttp,
  argv: readonly string[],
  places: Places,
): Promise<void> {
  if (await answers(hello)) return;
  // Whoever starts it: the daemon's lock lets only one be.
  const body = { argv: [process.execPath, ...argv] };
  if (!(await answers(() => edge.json({ method: "POST", path: "/daemon", body, deadlineMs: DEADLINE_MS }))))
    startDetached(argv, places);
  const end = performance.now() + START_WITHIN_MS;
  while (performance.now() < end) {
    if (await answers(hello)) return;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new WindlassError("host-daemon-start", `the daemon did not come up within ${START_WITHIN_MS / 1000} s`, {
    hint: `Its output is in ${path.join(places.logs, "daemon.log")}.`,
    retry: "safe",
  });
}

async function answers(ask: () => Promise<unknown>): Promise<boolean> {
  try {
    await ask();
    return true;
  } catch (error) {
    if (error instanceof WindlassError) return false;
    throw error;
  }
}

function startDetached(argv: readonly string[], places: Places): void {
  mkdirSync(places.logs, { recursive: true, mode: 0o700 });
  const log = openSync(path.join(places.logs, "daemon.log"), "a", 0o600);
  try {
    const child = spawn(process.execPath, [...argv], { detached: true, stdio: ["ignore", log, log] });
    // Seen by the caller as a daemon that does not come up, with this line in its log.
    child.on("error", (error) => process.emitWarning(error));
    child.unref();
  } finally {
    closeSync(log);
  }
}
