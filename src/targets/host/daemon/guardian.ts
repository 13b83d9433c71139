import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync } from "node:fs";
import path from "node:path";
import { backoffMs, GOOD_RUN_MS } from "../supervisor/backoff.js";
import { readIfThere, removeDurably, writeDurably } from "../supervisor/durable-file.js";
import { identify, isAlive } from "../supervisor/process-table.js";
import { type ControlPlane, controlPlane } from "./protocol.js";

/** Starts the control plane again when it dies without having said that it would. */
export class Guardian {
  private known: ControlPlane | null;
  private streak = 0;
  private startedAt = 0;
  private notBefore = 0;

  constructor(
    private readonly file: string,
    private readonly logs: string,
    private readonly report: (message: string, error?: unknown) => void,
  ) {
    const text = readIfThere(file);
    const parsed = text === null ? null : controlPlane.safeParse(JSON.parse(text));
    this.known = parsed?.success === true ? parsed.data : null;
  }

  watch(process: ControlPlane): void {
    const restarted = this.known?.pid === process.pid && this.known.startTime === process.startTime;
    this.known = process;
    if (!restarted) writeDurably(this.file, JSON.stringify(process));
  }

  forget(): void {
    this.known = null;
    removeDurably(this.file);
  }

  /** Several times a second, as nobody decides meanwhile; `now` is monotonic milliseconds. */
  tick(now: number): void {
    if (this.known === null || isAlive(this.known)) return;
    if (this.notBefore === 0) {
      this.streak = now - this.startedAt >= GOOD_RUN_MS ? 1 : this.streak + 1;
      // The first time at once: decisions wait for it.
      this.notBefore = this.streak === 1 ? now : now + backoffMs(this.streak - 1);
    }
    if (now < this.notBefore) return;
    this.notBefore = 0;
    this.startedAt = now;
    this.start(this.known);
  }

  private start(dead: ControlPlane): void {
    this.report(`the control plane, process ${dead.pid}, has ended; it is started again`);
    mkdirSync(this.logs, { recursive: true, mode: 0o700 });
    const log = openSync(path.join(this.logs, "control-plane.log"), "a", 0o600);
    try {
      const child = spawn(process.execPath, [...dead.argv], { detached: true, stdio: ["ignore", log, log] });
      child.on("error", (error) => this.report("the control plane could not be started", error));
      child.unref();
      if (child.pid !== undefined) this.watch({ ...dead, ...identify(child.pid) });
    } finally {
      closeSync(log);
    }
  }
}
