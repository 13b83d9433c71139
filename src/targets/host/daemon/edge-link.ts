import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync } from "node:fs";
import path from "node:path";
import { WindlassError } from "../../../error.js";
import { counted, edgeBlocks } from "../counted.js";
import {
  addressKey,
  type Channel,
  isHandoverMessage,
  type ListenHandle,
  onListener,
  say,
  sendListener,
} from "../edge/handover.js";
import {
  EDGE_PROTOCOL,
  type EdgeBlocks,
  type EdgeStatus,
  type EdgeTable,
  type ListenerAddress,
} from "../edge/protocol.js";
import { identify, isAlive } from "../supervisor/process-table.js";
import type { ProcessRef } from "../supervisor/replica-state.js";
import { UnixHttp } from "./unix-http.js";

export interface EdgeLinkOptions {
  readonly socket: string;
  readonly logs: string;
  /** Ours; an edge of another one is replaced without a refused connection. */
  readonly version: string;
  /** Node's arguments for the edge, and its own. */
  readonly argv: readonly string[];
  /** The process that started this one, when it is the edge: it has the listening sockets. */
  readonly parent: Channel | null;
  /** The edge is a new process: it has no table yet. */
  readonly restarted: () => void;
  readonly report: (message: string, error?: unknown) => void;
}

const DEADLINE_MS = 2_000;
const START_WITHIN_MS = 15_000;
const POLL_MS = 20;
const SLOWEST_RESTART_MS = 5_000;

/** The edge as the daemon sees it: found alive or started, given the listening sockets, started again when it dies. */
export class EdgeLink {
  private readonly http: UnixHttp;
  private readonly listeners = new Map<string, { address: ListenerAddress; handle: ListenHandle }>();
  private channel: Channel | null = null;
  private process: ProcessRef | null = null;
  private starting: Promise<void> | null = null;
  private quickDeaths = 0;
  private startedAt = 0;
  private stopped = false;
  private old: ProcessRef | null = null;

  constructor(private readonly options: EdgeLinkOptions) {
    this.http = new UnixHttp(options.socket, "edge");
    if (options.parent !== null) {
      // From the first moment on: the edge sends what it has as soon as it hears us.
      onListener(options.parent, (address, handle) => this.listeners.set(addressKey(address), { address, handle }));
      say(options.parent, { kind: "hello", role: "daemon", pid: process.pid, protocol: EDGE_PROTOCOL });
    }
  }

  /** Finds the live edge, or starts one. */
  async open(): Promise<void> {
    const status = await this.liveStatus();
    if (status === null) return this.start();
    if (status.version !== this.options.version && (await this.receivedAll(status))) {
      this.options.report(`the edge ${status.version} is replaced by ${this.options.version}, with its sockets`);
      await this.start();
      this.old = identify(status.pid);
      return;
    }
    this.process = identify(status.pid);
    this.channel = this.options.parent;
    this.startedAt = performance.now();
    this.options.report(`adopted the edge, process ${status.pid}, table ${status.generation}`);
  }

  /** The new edge has its table: the one before it finishes what it has and ends. */
  retireOld(): void {
    const { old } = this;
    this.old = null;
    if (old !== null && isAlive(old)) process.kill(old.pid, "SIGTERM");
  }

  get pid(): number | null {
    return this.process?.pid ?? null;
  }

  /** Whether this daemon could give every listening socket to a new edge. */
  get holdsSockets(): boolean {
    return this.channel?.connected === true;
  }

  holds(address: ListenerAddress): boolean {
    return this.listeners.has(addressKey(address));
  }

  status(): Promise<EdgeStatus> {
    return this.http.json<EdgeStatus>({ method: "GET", path: "/status", deadlineMs: DEADLINE_MS });
  }

  /** Of the services of one environment; an older edge gives those of all. */
  async blocks(environment: string, since: number): Promise<EdgeBlocks> {
    const query = new URLSearchParams({ since: String(since), prefix: `${environment}/` });
    const call = { method: "GET", path: `/blocks?${query}`, deadlineMs: DEADLINE_MS } as const;
    return counted(edgeBlocks, await this.http.json(call), "edge");
  }

  /** Not before the edge has its sockets: it would try to bind what this process holds, and find the port taken. */
  async put(table: EdgeTable): Promise<void> {
    await this.starting;
    await this.http.json({ method: "PUT", path: "/table", body: table, deadlineMs: DEADLINE_MS });
  }

  /** Keeps the socket for as long as the service is there, and gives it to the edge of now and every later one. */
  async listen(address: ListenerAddress, handle: ListenHandle): Promise<void> {
    if (this.foreign) return handle.close();
    this.listeners.set(addressKey(address), { address, handle });
    if (this.channel !== null) await sendListener(this.channel, address, handle);
  }

  /** An edge that another daemon started and that did not start us: no socket can be given to it, it binds itself. */
  get foreign(): boolean {
    return this.process !== null && this.channel === null;
  }

  unlisten(address: ListenerAddress): void {
    this.listeners.get(addressKey(address))?.handle.close();
    this.listeners.delete(addressKey(address));
  }

  /** Several times a second: a dead edge is started again at once, with the same sockets. */
  tick(): void {
    if (this.stopped || this.starting !== null || this.process === null || isAlive(this.process)) return;
    this.options.report(`the edge, process ${this.process.pid}, has ended; it is started again`);
    this.process = null;
    this.quickDeaths = performance.now() - this.startedAt < 10_000 ? this.quickDeaths + 1 : 0;
    const wait = this.quickDeaths < 2 ? 0 : Math.min(100 * 2 ** this.quickDeaths, SLOWEST_RESTART_MS);
    this.starting = sleep(wait)
      .then(() => this.start())
      .then(() => this.options.restarted())
      .catch((error: unknown) => {
        this.options.report("the edge could not be started", error);
        // Looked at again with the next tick: a process that is not there is not alive.
        this.process = { pid: 2 ** 30, startTime: "none" };
      })
      .finally(() => {
        this.starting = null;
      });
  }

  /** The daemon goes; the edge stays. Without `leaving` it would start another daemon. */
  leave(): void {
    this.stopped = true;
    if (this.channel !== null) say(this.channel, { kind: "leaving" });
    this.http.close();
  }

  /** Ends the edge: everything goes down. */
  async end(): Promise<void> {
    this.stopped = true;
    await this.starting;
    const edge = this.process;
    this.leave();
    if (edge === null || !isAlive(edge)) return;
    process.kill(edge.pid, "SIGTERM");
    if (!(await until(() => !isAlive(edge), 5_000))) process.kill(edge.pid, "SIGKILL");
    for (const { handle } of this.listeners.values()) handle.close();
    this.listeners.clear();
  }

  private async receivedAll(status: EdgeStatus): Promise<boolean> {
    if (this.options.parent === null) return false;
    const ports = Object.values(status.services).flatMap(({ port }) => (port === null ? [] : [port]));
    const held = (): boolean => {
      const have = new Set([...this.listeners.values()].map(({ address }) => address.port));
      return ports.every((port) => have.has(port));
    };
    return until(held, DEADLINE_MS);
  }

  private async start(): Promise<void> {
    mkdirSync(this.options.logs, { recursive: true, mode: 0o700 });
    const log = openSync(path.join(this.options.logs, "edge.log"), "a", 0o600);
    let child: ChildProcess;
    try {
      child = spawn(process.execPath, [...this.options.argv], { detached: true, stdio: ["ignore", log, log, "ipc"] });
    } finally {
      closeSync(log);
    }
    child.on("error", (error) => this.options.report("the edge's process", error));
    child.on("exit", () => this.tick());
    if (child.pid === undefined) throw new WindlassError("host-edge-start", "the edge could not be started");
    const ref = identify(child.pid);
    this.startedAt = performance.now();
    child.unref();
    child.channel?.unref();
    await this.greeted(child, ref);
    this.process = ref;
    this.channel = child;
    // Before the first table names them: a request that waits in the kernel's queue is answered by this edge.
    for (const { address, handle } of this.listeners.values()) await sendListener(child, address, handle);
  }

  private async greeted(child: ChildProcess, ref: ProcessRef): Promise<void> {
    let hello = false;
    const onMessage = (message: unknown): void => {
      if (isHandoverMessage(message) && message.kind === "hello") hello = true;
    };
    child.on("message", onMessage);
    say(child, { kind: "hello", role: "daemon", pid: process.pid, protocol: EDGE_PROTOCOL });
    let answers = false;
    await until(async () => {
      if (!isAlive(ref)) return true;
      // A kept connection would lead to the edge before, which a new one takes the socket's name from.
      this.http.close();
      answers = (await this.liveStatus())?.pid === ref.pid;
      return answers;
    }, START_WITHIN_MS);
    child.off("message", onMessage);
    if (!answers) {
      if (isAlive(ref)) process.kill(ref.pid, "SIGKILL");
      throw new WindlassError(
        "host-edge-start",
        `the edge did not come up (it ${hello ? "said hello" : "was silent"})`,
        {
          hint: `Its output is in ${path.join(this.options.logs, "edge.log")}.`,
        },
      );
    }
  }

  private async liveStatus(): Promise<EdgeStatus | null> {
    try {
      return await this.status();
    } catch (error) {
      if (error instanceof WindlassError && error.code.startsWith("host-edge-")) return null;
      throw error;
    }
  }
}

async function until(done: () => boolean | Promise<boolean>, withinMs: number): Promise<boolean> {
  const end = performance.now() + withinMs;
  while (performance.now() < end) {
    if (await done()) return true;
    await sleep(POLL_MS);
  }
  return false;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
