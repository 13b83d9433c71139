import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Workload } from "../../../core/model/intent.js";
import { WindlassError } from "../../../error.js";
import { removeDurably, writeDurably } from "../supervisor/durable-file.js";
import { fileSafe } from "../supervisor/replica-record.js";
import { type ApplyRequest, applyRequest } from "./protocol.js";

const RESERVE = "reserve";
const RESERVE_BYTES = 1024 * 1024;

/** The last intent of each environment, kept on disk so that a restart or a reboot needs no control plane. */
export class Intents {
  private readonly byEnvironment = new Map<string, ApplyRequest>();

  constructor(
    private readonly directory: string,
    damaged: (file: string, error: unknown) => void,
  ) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    for (const name of readdirSync(directory).filter((one) => one.endsWith(".json"))) {
      const file = path.join(directory, name);
      try {
        const application = applyRequest.parse(JSON.parse(readFileSync(file, "utf8")));
        this.byEnvironment.set(application.environment, application);
      } catch (error) {
        // It is a cache of what the control plane knows and will say again.
        damaged(file, error);
      }
    }
  }

  all(): readonly ApplyRequest[] {
    return [...this.byEnvironment.values()];
  }

  get(environment: string): ApplyRequest | null {
    return this.byEnvironment.get(environment) ?? null;
  }

  /** What every group of every environment is to run. */
  workloads(): readonly Workload[] {
    return this.all()
      .flatMap(({ intent }) => Object.values(intent.services))
      .flatMap(({ groups }) => Object.values(groups).map(({ workload }) => workload));
  }

  /** Durable when it returns. False: an older revision of the same term, ignored. Throws `target-stale-term`. */
  accept(application: ApplyRequest): boolean {
    const last = this.byEnvironment.get(application.environment);
    if (last !== undefined && application.term < last.term)
      throw new WindlassError(
        "target-stale-term",
        `term ${application.term} is over; the environment ${application.environment} is driven in term ${last.term}`,
        { retry: "after-refresh", facts: { term: last.term } },
      );
    if (last !== undefined && application.term === last.term && application.revision < last.revision) return false;
    const text = JSON.stringify(application);
    if (last === undefined || JSON.stringify(last) !== text) this.write(application.environment, text);
    this.byEnvironment.set(application.environment, application);
    return true;
  }

  /** A rollback must be possible on a full disk: space is kept for it. */
  reserve(): void {
    const file = path.join(this.directory, RESERVE);
    if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) < RESERVE_BYTES)
      writeFileSync(file, Buffer.alloc(RESERVE_BYTES, 1), { mode: 0o600 });
  }

  remove(environment: string): void {
    this.byEnvironment.delete(environment);
    removeDurably(this.file(environment));
  }

  private write(environment: string, text: string): void {
    try {
      writeDurably(this.file(environment), text);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
      rmSync(path.join(this.directory, RESERVE), { force: true });
      try {
        writeDurably(this.file(environment), text);
      } catch (again) {
        throw new WindlassError("host-disk-full", `the disk is full: the intent of ${environment} could not be kept`, {
          hint: `Make space on the disk of ${this.directory}.`,
          retry: "safe",
          cause: again,
        });
      }
    }
  }

  private file(environment: string): string {
    return path.join(this.directory, `${fileSafe(environment)}.json`);
  }
}
