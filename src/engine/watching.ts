import type { EnvironmentKey } from "../core/model/intent.js";
import type { Judgement, Verdict } from "../core/model/judgement.js";
import type { EnvironmentState } from "../core/model/state.js";
import { WindlassError } from "../error.js";
import type { SeriesStore } from "../ports/series-store.js";
import type { SignalProvider } from "../ports/signal-provider.js";
import type { SignalReading, SignalSource } from "../ports/target.js";
import { beginWatch } from "./begin-watch.js";
import { grownUp, learnStart } from "./growing-up.js";
import { Keeping } from "./keeping.js";
import type { EngineLog } from "./log.js";
import { pollersOf } from "./poller.js";
import { type RolloutWatch, unreadable } from "./rollout-watch.js";
import { FinalSeconds } from "./seconds.js";
import { listens, type Subject, subjectsOf } from "./subject.js";

export interface WatchPorts {
  readonly signals: SignalSource;
  readonly series: SeriesStore;
  /** Signals that the target does not count; absent: they are provider errors. */
  readonly provider?: SignalProvider;
  readonly log?: EngineLog;
  /** At least so long between two checkpoints of an analysis in progress; 5 s unless given. */
  readonly checkpointMs?: number;
}

const CHECKPOINT_MS = 5_000;
/** What came since a checkpoint is read again, so a rollout that lasts need not write as often: at a sixtieth of its age. */
const CHECKPOINTS = 60;
const LONGEST_CHECKPOINT_MS = 30_000;
/** Between deployments counts are read now and then, so that there is a history when one comes. */
const IDLE_MS = 10_000;

/**
 * What the rollouts of one environment are judged by. Reads what the target counted, keeps it in the series, shows each
 * second that is over to each rollout exactly once, and keeps checkpoints, so that a crash changes no verdict.
 */
export class Watching {
  readonly #watches = new Map<string, RolloutWatch>();
  readonly #seconds = new FinalSeconds();
  readonly #keeping: Keeping;
  readonly #log: EngineLog;
  /** Null: this engine has not looked yet. */
  #state: EnvironmentState | null = null;
  #subjects: readonly Subject[] = [];
  #cursor: string | null = null;
  /** It came from a checkpoint: that is tried once. */
  #recalled = false;
  #idleAt = Number.NEGATIVE_INFINITY;
  /** The last deployment whose start was learned. */
  #grown: string | null = null;
  /** When the next one is due. */
  #checkpointAt = Number.NEGATIVE_INFINITY;
  #problem: string | null = null;
  readonly #verdicts = new Map<string, Verdict>();
  #now = 0;

  constructor(
    private readonly key: EnvironmentKey,
    private readonly ports: WatchPorts,
  ) {
    this.#log = ports.log ?? (() => {});
    this.#keeping = new Keeping(key, ports.series, this.#log);
  }

  /** Why the target's counts cannot be read; null: they can. */
  get problem(): string | null {
    return this.#problem;
  }

  /** The verdicts on the new groups that get requests, with everything that can be said about them. */
  get judgements(): Readonly<Record<string, Judgement>> {
    const found: Record<string, Judgement> = {};
    for (const subject of this.#subjects) {
      if (subject.since === null) continue;
      const watch = this.#watches.get(subject.service);
      found[subject.service] = watch?.judge(this.#now, this.#problem) ?? unreadable(subject, this.#unread());
    }
    return found;
  }

  /** Looks at `now` at what was counted; true when a verdict is another one than before. */
  async look(state: EnvironmentState, now: number): Promise<boolean> {
    this.#now = now;
    if (state !== this.#state) await this.#follow(state);
    const { deployment } = state;
    const isActive = deployment !== null && deployment.outcome === null;
    if (isActive || (now >= this.#idleAt && listens(state))) await this.#read(now);
    if (!isActive) await this.#growUp(state, now);
    if (this.#subjects.length === 0) return false;
    let heard = false;
    for (const watch of this.#watches.values()) if (watch.poll(now)) heard = true;
    if (heard || now >= this.#checkpointAt) await this.#checkpoint(now);
    return this.#compare(now);
  }

  /** Ends what goes on in the background. */
  close(): void {
    for (const watch of this.#watches.values()) watch.close();
  }

  /** Who is judged by the new state; who is not any more leaves what was learned. */
  async #follow(state: EnvironmentState): Promise<void> {
    const isFirst = this.#state === null;
    this.#state = state;
    this.#subjects = subjectsOf(state);
    if (isFirst) await this.#tidy(state);
    for (const [service, watch] of this.#watches) {
      const { deployment } = watch.subject;
      const subject = this.#subjects.find((one) => one.service === service && one.deployment === deployment);
      if (subject !== undefined) this.#renew(watch, subject);
      else {
        watch.close();
        this.#watches.delete(service);
        if (watch.analysis !== null) await this.#keeping.end(service, deployment, watch.analysis.memory());
      }
    }
    if (this.#subjects.length > 0) return;
    this.#seconds.clear();
    this.#verdicts.clear();
  }

  /** An engine that died at the end of a rollout has left its checkpoints. */
  async #tidy({ deployment, revisions }: EnvironmentState): Promise<void> {
    for (const { service } of deployment?.steps ?? []) {
      const isAnalysed = revisions[deployment?.to ?? ""]?.environment.services[service]?.analysis != null;
      if (!isAnalysed || this.#subjects.some((subject) => subject.service === service)) continue;
      const left = await this.#keeping.checkpoint(service, deployment?.id ?? "");
      if (left !== null) await this.#keeping.end(service, deployment?.id ?? "", left.analysis.memory);
    }
  }

  async #read(now: number): Promise<void> {
    this.#idleAt = now + IDLE_MS;
    try {
      if (!this.#recalled) this.#cursor ??= await this.#recallCursor();
      const reading = await this.ports.signals.read(this.key, this.#cursor);
      this.#cursor = reading.cursor;
      await this.#keeping.counts(reading.blocks);
      if (this.#subjects.length > 0) await this.#show(reading, now);
      this.#problem = null;
    } catch (error) {
      this.#problem = error instanceof Error ? error.message : String(error);
      // The same call will never do: a cursor that this version of the source does not know is given up for what it has.
      if (error instanceof WindlassError && error.retry === "never") this.#cursor = null;
    }
  }

  async #growUp(state: EnvironmentState, now: number): Promise<void> {
    const grown = grownUp(state, now);
    if (grown === null || grown === this.#grown) return;
    this.#grown = grown;
    try {
      await learnStart(state, now, this.#keeping);
    } catch (error) {
      // Telemetry that cannot be read stops nothing: the next rollout learns from what it sees.
      this.#log("warn", `${this.key}: how ${grown} started was not learned: ${String(error)}`);
    }
  }

  async #show(reading: SignalReading, now: number): Promise<void> {
    for (const { at, blocks } of this.#seconds.add(reading))
      for (const [service, watch] of this.#watches) watch.feed(at, blocks.get(service));
    for (const subject of this.#subjects) {
      if (this.#watches.has(subject.service)) continue;
      const to = this.#seconds.to ?? reading.completeTo;
      const watch = await beginWatch(this.key, subject, to, this.#keeping, this.#log);
      this.#watches.set(subject.service, watch);
      this.#poll(watch, now);
    }
  }

  #renew(watch: RolloutWatch, subject: Subject): void {
    const before = watch.subject.since;
    watch.subject = subject;
    if (before === null) this.#poll(watch, this.#now);
  }

  /** What others count is asked for from the first request to the new group on. */
  #poll(watch: RolloutWatch, now: number): void {
    if (watch.subject.since === null) return;
    watch.begin(pollersOf(this.key, watch.subject, this.ports.provider ?? null, now, this.#log));
  }

  async #recallCursor(): Promise<string | null> {
    for (const { service, deployment, spec } of this.#subjects) {
      const kept = spec.analysis == null ? null : await this.#keeping.checkpoint(service, deployment);
      if (kept === null) continue;
      this.#recalled = true;
      return kept.cursor;
    }
    return null;
  }

  async #checkpoint(now: number): Promise<void> {
    const age = now - Math.max(...this.#subjects.map(({ startedAt }) => startedAt));
    const pause = Math.min(age / CHECKPOINTS, LONGEST_CHECKPOINT_MS);
    this.#checkpointAt = now + Math.max(pause, this.ports.checkpointMs ?? CHECKPOINT_MS);
    for (const [service, { analysis, subject }] of this.#watches) {
      if (analysis === null || this.#cursor === null) continue;
      const checkpoint = { schema: 1 as const, cursor: this.#cursor, analysis: analysis.snapshot() };
      await this.#keeping.putCheckpoint(service, subject.deployment, checkpoint);
    }
  }

  #compare(now: number): boolean {
    let changed = false;
    for (const subject of this.#subjects) {
      if (subject.since === null) continue;
      const watch = this.#watches.get(subject.service);
      const verdict = watch?.verdict(now, this.#problem) ?? unreadable(subject, this.#unread()).verdict;
      if (this.#verdicts.get(subject.service) === verdict) continue;
      this.#verdicts.set(subject.service, verdict);
      changed = true;
    }
    return changed;
  }

  #unread(): string {
    return this.#problem ?? "it was not asked yet";
  }
}
