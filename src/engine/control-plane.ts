import type { Readable } from "node:stream";
import type { CommandOutcome } from "../core/deployment/outcome.js";
import type { CommandEnvelope } from "../core/model/command.js";
import type { EventRecord } from "../core/model/event.js";
import type { EnvironmentKey, Intent } from "../core/model/intent.js";
import type { Block } from "../core/model/judgement.js";
import type { Release } from "../core/model/revision.js";
import type { Plan } from "../plan/plan.js";
import type { SeriesQuery } from "../ports/series-store.js";
import type { LogLine, LogQuery } from "../ports/target.js";
import type { CompiledEnvironment } from "../spec/compiled.js";
import type { EnvironmentView, RollbackPreview } from "./view.js";

/**
 * Everything that a client may ask. The engine implements it, the API serves it, and the API's client implements it
 * again on the other side of the socket: the CLI does not know which one it talks to. All values are plain JSON;
 * failures are WindlassErrors, expected outcomes are values.
 */
export interface ControlPlane {
  about(): Promise<About>;
  environments(): Promise<readonly EnvironmentView[]>;
  /** Rejects with `environment-unknown` (hint: the nearest known one). */
  environment(environment: EnvironmentKey): Promise<EnvironmentView>;
  /** What the target is told now. Rejects with `environment-unknown`. */
  intent(environment: EnvironmentKey): Promise<Intent>;
  /** Creates the environment on its first deploy. Resolves after the events are on the disk. */
  command(environment: EnvironmentKey, envelope: CommandEnvelope): Promise<CommandOutcome>;
  plan(environment: EnvironmentKey, release: Release, desired: CompiledEnvironment): Promise<Plan>;
  previewRollback(environment: EnvironmentKey, to: string | null): Promise<RollbackPreview>;
  /** Events after `version`, oldest first, at most `limit`. */
  history(environment: EnvironmentKey, version: number, limit: number): Promise<readonly EventRecord[]>;
  /** The view now and after each change, and each event after `version`, until the signal ends it. */
  follow(environment: EnvironmentKey, version: number, signal: AbortSignal): AsyncIterable<Update>;
  /**
   * Counts of one service, oldest first; what is past its retention is not there. At most `SERIES_SPAN` blocks of time
   * in one answer: a longer range rejects with `series-range-too-long`.
   */
  series(environment: EnvironmentKey, range: SeriesRange): Promise<readonly Block[]>;
  logs(environment: EnvironmentKey, query: LogQuery, signal: AbortSignal): AsyncIterable<LogLine>;
  /** Sets secrets of an environment, or removes one (null); values go to the target alone and are never read back. */
  putSecrets(environment: EnvironmentKey, values: Readonly<Record<string, string | null>>): Promise<void>;
  hasArtefact(digest: string): Promise<boolean>;
  putArtefact(digest: string, bytes: Readable): Promise<void>;
  ledger: LedgerDesk;
  doctor(): Promise<readonly Finding[]>;
  /** Ends the control plane; replicas and the edge go on, unless everything of this installation is to end. */
  stop(options: { readonly everything: boolean }): Promise<void>;
}

export interface About {
  readonly version: string;
  readonly protocol: number;
  readonly pid: number;
  readonly home: string;
}

/** Engine milliseconds, from inclusive, to exclusive. */
export type SeriesRange = Omit<SeriesQuery, "environment">;

/** Seconds, minutes or hours of one question about the series: an hour, two and a half days, 150 days. */
export const SERIES_SPAN = 3_600;

export type Update =
  | { readonly kind: "event"; readonly event: EventRecord }
  | { readonly kind: "view"; readonly view: EnvironmentView };

/** The ledger's verbs; what they return is what is printed. */
export interface LedgerDesk {
  /** Against a checkpoint (C2SP signed note) that the caller pinned, if any. */
  verify(pinned: string | null): Promise<LedgerVerdict>;
  /** A proof document for one event, checkable offline with the public key. */
  prove(sequence: number): Promise<unknown>;
  checkpoint(): Promise<{ readonly note: string; readonly verifierKey: string }>;
  /** Every event as one JSON line, in order. */
  export(signal: AbortSignal): AsyncIterable<EventRecord>;
  /** A consistent copy at `path` on the control plane's machine. */
  backup(path: string): Promise<{ readonly path: string; readonly events: number; readonly note: string }>;
}

export interface LedgerVerdict {
  readonly ok: boolean;
  readonly events: number;
  /** What is wrong and where, naming the record; empty when ok. */
  readonly findings: readonly { readonly code: string; readonly sequence: number | null; readonly sentence: string }[];
  readonly checkpoint: string;
}

export interface Finding {
  readonly check: string;
  readonly ok: boolean;
  readonly sentence: string;
  readonly hint: string | null;
}
