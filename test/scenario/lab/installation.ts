import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { createClient } from "../../../src/api/client.js";
import { placesOf, thisMachine } from "../../../src/cli/home.js";
import type { EventRecord } from "../../../src/core/model/event.js";
import type { ControlPlane } from "../../../src/engine/control-plane.js";
import type { EnvironmentView } from "../../../src/engine/view.js";
import { WindlassError } from "../../../src/error.js";
import type { Places } from "../../../src/ports/places.js";
import { instanceOf } from "../../../src/targets/host/daemon/parts.js";
import type { Facts } from "../../../src/targets/host/daemon/protocol.js";
import { UnixHttp } from "../../../src/targets/host/daemon/unix-http.js";
import { SHARED_DATA } from "../../../src/targets/host/resources/unprivileged.js";
import { identify, isAlive } from "../../../src/targets/host/supervisor/process-table.js";
import { type Ran, type Running, runCli } from "./command.js";
import { eventually } from "./eventually.js";
import { type Found, processesIn } from "./processes.js";

export const PACKAGE = path.join(import.meta.dirname, "..", "..", "..");

export type Victim = "control plane" | "daemon" | "edge";

/** One Windlass of its own with real processes: a home, a folder of a user's, the CLI and a client of the API. */
export class Installation {
  readonly root: string;
  readonly home: string;
  /** The user's folder: the CLI runs here. */
  readonly directory: string;
  readonly places: Places;
  readonly control: ControlPlane;
  private readonly running = new Set<Running>();

  constructor() {
    this.root = realpathSync(mkdtempSync(path.join(os.tmpdir(), "wl-story-")));
    this.home = path.join(this.root, "home");
    this.directory = path.join(this.root, "shop");
    mkdirSync(this.home, { mode: 0o700 });
    mkdirSync(this.directory);
    this.places = placesOf(this.home, thisMachine());
    this.control = createClient(this.places.controlSocket);
  }

  write(name: string, content: string | object): void {
    writeFileSync(
      path.join(this.directory, name),
      typeof content === "string" ? content : JSON.stringify(content, null, 2),
    );
  }

  /** Starts the CLI and does not wait for it. */
  begin(...words: readonly string[]): Running {
    return this.beginWith(PACKAGE, words);
  }

  /** Runs the CLI to its end. */
  cli(...words: readonly string[]): Promise<Ran> {
    return this.begin(...words).done;
  }

  /** The CLI of another package: a newer version. */
  beginWith(packageRoot: string, words: readonly string[]): Running {
    const env = { WINDLASS_HOME: this.home, XDG_CONFIG_HOME: path.join(this.root, "config") };
    const running = runCli(path.join(packageRoot, "bin", "windlass.js"), words, { cwd: this.directory, env });
    this.running.add(running);
    void running.done.finally(() => this.running.delete(running));
    return running;
  }

  view(environment: string): Promise<EnvironmentView> {
    return this.control.environment(environment);
  }

  events(environment: string): Promise<readonly EventRecord[]> {
    return this.control.history(environment, 0, 10_000);
  }

  /** Waits until an environment looks like this. A control plane that is away for a moment is waited for. */
  async until(environment: string, what: string, holds: (view: EnvironmentView) => boolean): Promise<EnvironmentView> {
    let last: unknown = "It was never seen.";
    return eventually(
      what,
      async () => {
        const view = await this.#patiently(() => this.view(environment));
        if (view === null) return null;
        last = view;
        return holds(view) && view;
      },
      () => last,
    );
  }

  /** Waits for an event after a version. */
  async untilEvent(environment: string, after: number, holds: (event: EventRecord) => boolean): Promise<EventRecord> {
    let seen: readonly EventRecord[] = [];
    return eventually(
      "an event",
      async () => {
        const events = await this.#patiently(() => this.control.history(environment, after, 10_000));
        if (events !== null) seen = events;
        return events?.find(holds);
      },
      () => seen.map(({ type }) => type).join(" "),
    );
  }

  /** The process ids of the three processes; an error when one does not answer. */
  async pids(): Promise<Readonly<Record<Victim, number>>> {
    return eventually("all three processes answer", async () => {
      const about = await this.#patiently(() => this.control.about());
      const facts = await this.#patiently(() => this.facts());
      if (about === null || facts === null || facts.edge === null) return null;
      return { "control plane": about.pid, daemon: facts.pid, edge: facts.edge.pid };
    });
  }

  /** Ends the control plane and waits until its process has closed all its files. */
  async stop(): Promise<void> {
    const { pid } = await this.control.about();
    const ref = identify(pid);
    await this.control.stop({ everything: false });
    await eventually("the control plane has ended", () => !isAlive(ref));
  }

  async facts(): Promise<Facts> {
    const daemon = new UnixHttp(this.places.daemonSocket, "daemon");
    try {
      return await daemon.json<Facts>({ method: "GET", path: "/facts", deadlineMs: 5_000 });
    } finally {
      daemon.close();
    }
  }

  /** What the three processes printed. */
  log(name: "control" | "control-plane" | "daemon" | "edge"): string {
    try {
      return readFileSync(path.join(this.places.logs, `${name}.log`), "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
      throw error;
    }
  }

  /** Ends everything; returns what had to be killed because it did not end by itself. */
  async end(): Promise<readonly Found[]> {
    for (const { child, done } of this.running) {
      child.kill("SIGKILL");
      await done;
    }
    // A control plane that is only just starting hears nothing yet: it is told again.
    let left = processesIn(this.root);
    for (let told = 0; told < 3 && left.length > 0; told++) {
      await this.#patiently(() => this.control.stop({ everything: false }));
      await this.#patiently(() => this.#leave());
      left = await eventually(
        "all processes end",
        () => processesIn(this.root).length === 0,
        () => "",
        30_000,
      ).then(
        () => [],
        () => processesIn(this.root),
      );
    }
    for (const { pid } of left) process.kill(pid, "SIGKILL");
    // The databases' own place, when root runs this: their server may not enter a home.
    for (const place of [this.root, path.join(SHARED_DATA, instanceOf(this.places.home))])
      rmSync(place, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    return left;
  }

  async #leave(): Promise<void> {
    const daemon = new UnixHttp(this.places.daemonSocket, "daemon");
    try {
      await daemon.json({ method: "POST", path: "/leave", body: { everything: true }, deadlineMs: 5_000 });
    } finally {
      daemon.close();
    }
  }

  /** Null while somebody is away; every other error is one. */
  async #patiently<T>(ask: () => Promise<T>): Promise<T | null> {
    try {
      return await ask();
    } catch (error) {
      if (error instanceof WindlassError && AWAY.has(error.code)) return null;
      throw error;
    }
  }
}

const AWAY = new Set([
  "control-plane-unreachable",
  "control-plane-timeout",
  "environment-unknown",
  "host-daemon-unreachable",
  "host-daemon-timeout",
]);
