import { type ChildProcess, spawn } from "node:child_process";
import { WindlassError } from "../../../error.js";
import type { Edge } from "./edge.js";
import { type Channel, isHandoverMessage, onListener, say, sendListener } from "./handover.js";
import { notice } from "./notice.js";
import { EDGE_PROTOCOL } from "./protocol.js";

const FIRST_WAIT_MS = 2_000;
const LONGEST_WAIT_MS = 60_000;
/** A daemon that lived this long was well: the next wait is the first again. */
const WELL_AFTER_MS = 60_000;

/**
 * The edge's tie to its daemon: the one that started it, or one that it started itself because the other had died.
 * The daemon may end at any time; the edge goes on with the last table and starts another, unless it said it leaves.
 */
export class DaemonKeeper {
  readonly #edge: Edge;
  readonly #argv: readonly string[] | null;
  #current: Channel | null = null;
  #wait = FIRST_WAIT_MS;
  #timer: NodeJS.Timeout | null = null;
  #leaving = false;
  #closed = false;

  /** `argv`: how to start a daemon; null: it is not the edge's to start. */
  constructor(edge: Edge, argv: readonly string[] | null) {
    this.#edge = edge;
    this.#argv = argv;
  }

  /** With the process's own channel when a daemon started it. */
  begin(): void {
    if (process.send !== undefined && process.connected) {
      this.#attach(process as Channel & NodeJS.Process);
      return;
    }
    this.#later();
  }

  /** Starts a daemon in a session of its own and gives it every listening socket. Resolves with its pid. */
  async start(argv: readonly string[]): Promise<number> {
    const [command, ...rest] = argv;
    if (command === undefined) throw new WindlassError("edge-request-invalid", "argv must name a command");
    const child = spawn(command, rest, { detached: true, stdio: ["ignore", "inherit", "inherit", "ipc"] });
    const startedAt = performance.now();
    const { pid } = await started(child);
    child.unref();
    this.#leaving = false;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#attach(child as Channel & ChildProcess);
    child.once("disconnect", () => {
      if (performance.now() - startedAt > WELL_AFTER_MS) this.#wait = FIRST_WAIT_MS;
    });
    for (const { address, handle } of this.#edge.handles())
      await sendListener(child as Channel & ChildProcess, address, handle);
    return pid;
  }

  /** The edge ends on purpose. */
  close(): void {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#current?.connected === true) say(this.#current, { kind: "leaving" });
  }

  #attach(channel: Channel & { once(event: "disconnect", listener: () => void): unknown }): void {
    this.#current = channel;
    onListener(channel, (address, handle) => this.#edge.offer(address, handle));
    channel.on("message", (message) => {
      if (isHandoverMessage(message) && message.kind === "leaving") this.#leaving = true;
    });
    channel.once("disconnect", () => {
      if (this.#current !== channel) return;
      this.#current = null;
      notice("info", this.#leaving ? "the daemon has left" : "the daemon is gone; serving on with the last table");
      if (!this.#leaving) this.#later();
    });
    say(channel, { kind: "hello", role: "edge", pid: process.pid, protocol: EDGE_PROTOCOL });
  }

  #later(): void {
    const argv = this.#argv;
    if (argv === null || this.#closed || this.#timer !== null) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      if (this.#current !== null || this.#closed) return;
      this.start(argv).catch((error: Error) => {
        notice("error", `no daemon: ${error.message}`);
        if (this.#current === null) this.#later();
      });
    }, this.#wait);
    this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT_MS);
  }
}

function started(child: ChildProcess): Promise<{ pid: number }> {
  return new Promise((resolve, reject) => {
    child.on("error", (cause) =>
      reject(new WindlassError("edge-daemon-failed", `the daemon could not be started: ${cause.message}`, { cause })),
    );
    child.once("spawn", () => resolve({ pid: child.pid ?? 0 }));
  });
}
