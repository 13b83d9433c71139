import { RolloutAnalysis } from "../core/analysis/rollout.js";
import type { EnvironmentKey } from "../core/model/intent.js";
import type { Judgement, Verdict } from "../core/model/judgement.js";
import type { EnvironmentState } from "../core/model/state.js";
import type { SeriesStore } from "../ports/series-store.js";
import type { SignalProvider } from "../ports/signal-provider.js";
import type { SignalReading, SignalSource } from "../ports/target.js";
import { type Checkpoint, Checkpoints } from "./checkpoint.js";
import { HISTORY_MS, show, spanOf } from "./history.js";
import type { EngineLog } from "./log.js";
import { polled, SignalPoller } from "./poller.js";
import { RolloutWatch, unreadable } from "./rollout-watch.js";
import { FinalSeconds } from "./seconds.js";
import { listens, type Subject, subjectsOf } from "./subject.js";

export interface WatchPorts {
  readonly signals: SignalSource;
  readonly series: SeriesStore;
  /** Signals that the target does not count; absent: they are provider errors. */
  readonly provider?: SignalProvider;
  readonly log?: EngineLog;
  /** Between two checkpoints of an analysis in progress; 5 s unless given. */
  readonly checkpointMs?: number;
}

const CHECKPOINT_MS = 5_000;
/** Between deployments counts are read now and then, so that there is a history when one comes. */
const IDLE_MS = 10_000;

/**
 * What the rollouts of one environment are judged by. Reads what the target counted, keeps it in the series, shows each
 * second that is over to each rollout exactly once, and keeps checkpoints, so that a crash changes no verdict.
 */
export class Watching {
  readonly #watches = new Map<string, RolloutWatch>();
  readonly #seconds = new FinalSeconds();
  readonly #checkpoints: Checkpoints;
  readonly #log: EngineLog;
  #state: EnvironmentState | null = null;
  #subjects: readonly Subject[] = [];
  #cursor: string | null = null;
  #idleAt = Number.NEGATIVE_INFINITY;
  #checkpointAt = Number.NEGATIVE_INFINITY;
  #problem: string | null = null;
  #seriesProblem: string | null = null;
  #verdicts = new Map<string, Verdict>();
  #now = 0;
  #fresh = true;

  constructor(
    private readonly key: EnvironmentKey,
    private readonly ports: WatchPorts,
  ) {
    this.#checkpoints = new Checkpoints(key, ports.series);
    this.#log = ports.log ?? (() => {});
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
    const active = deployment !== null && deployment.outcome === null;
    if (active || (now >= this.#idleAt && listens(state))) await this.#read(now);
    if (this.#subjects.length === 0) return false;
    let heard = false;
    for (const watch of this.#watches.values()) if (watch.polls && watch.poll(now)) heard = true;
    if (heard || now - this.#checkpointAt >= (this.ports.checkpointMs ?? CHECKPOINT_MS)) await this.#checkpoint(now);
    return this.#compare(now);
  }

  /** Ends what goes on in the background. */
  close(): void {
    for (const watch of this.#watches.values()) watch.close();
  }

  /** Who is judged by the new state; who is not any more leaves what was learned. */
  async #follow(state: EnvironmentState): Promise<void> {
    this.#state = state;
    this.#subjects = subjectsOf(state);
    if (this.#fresh) await this.#tidy(state);
    this.#fresh = false;
    for (const [service, watch] of this.#watches) {
      const { deployment } = watch.subject;
      const subject = this.#subjects.find((one) => one.service === service && one.deployment === deployment);
      if (subject !== undefined) this.#renew(watch, subject);
      else {
        watch.close();
        this.#watches.delete(service);
        const memory = watch.analysis?.memory();
        if (memory !== undefined) await this.#keep(() => this.#checkpoints.end(service, deployment, memory));
      }
    }
    if (this.#subjects.length > 0) return;
    this.#seconds.clear();
    this.#verdicts.clear();
  }

  /** An engine that died at the end of a rollout has left its checkpoints. */
  async #tidy({ deployment, revisions }: EnvironmentState): Promise<void> {
    if (deployment === null) return;
    for (const { service } of deployment.steps) {
      const analysed = revisions[deployment.to]?.environment.services[service]?.analysis != null;
      if (!analysed || this.#subjects.some((subject) => subject.service === service)) continue;
      await this.#keep(async () => {
        const left = await this.#checkpoints.read(service, deployment.id);
        if (left !== null) await this.#checkpoints.end(service, deployment.id, left.analysis.memory);
      });
    }
  }

  async #read(now: number): Promise<void> {
    this.#idleAt = now + IDLE_MS;
    let reading: SignalReading;
    try {
      this.#cursor ??= await this.#recallCursor();
      reading = await this.ports.signals.read(this.key, this.#cursor);
      this.#cursor = reading.cursor;
      if (reading.blocks.length > 0) await this.#keep(() => this.ports.series.write(this.key, reading.blocks));
      if (this.#subjects.length > 0) await this.#show(reading, now);
      this.#problem = null;
    } catch (error) {
      this.#problem = messageOf(error);
    }
  }

  async #show(reading: SignalReading, now: number): Promise<void> {
    for (const { at, blocks } of this.#seconds.add(reading))
      for (const [service, watch] of this.#watches) watch.feed(at, blocks.get(service));
    for (const subject of this.#subjects)
      if (!this.#watches.has(subject.service)) await this.#begin(subject, reading.completeTo, now);
  }

  /** What happened before comes from the series, whether the rollout begins now or another engine began it. */
  async #begin(subject: Subject, to: number, now: number): Promise<void> {
    const { service, deployment, spec, startedAt, since } = subject;
    let analysis: RolloutAnalysis | null = null;
    let kept: Checkpoint | null = null;
    if (spec.analysis != null) {
      const { stable, canary, attempt, slowMs } = subject;
      kept = await this.#checkpoints.read(service, deployment);
      const memory = kept === null ? await this.#checkpoints.memory(service) : null;
      const options = { analysis: spec.analysis, stable, canary, attempt, memory, slowMs };
      analysis = kept === null ? new RolloutAnalysis(options) : RolloutAnalysis.restore(options, kept.analysis);
    }
    const watch = new RolloutWatch(subject, analysis);
    const span = spanOf(startedAt, since, kept?.analysis.at ?? null, to);
    if (analysis !== null || since !== null) {
      const query = { environment: this.key, service, from: span.from, to, resolution: "second" as const };
      const seconds = show(watch, await this.ports.series.read(query), span);
      if (analysis !== null && kept === null && since !== null && to - since > 2 * CHECKPOINT_MS)
        this.#log("warn", `${this.key}: the analysis of ${service} begins anew: what it had found is gone`, {
          deployment,
          seconds,
          longestMs: HISTORY_MS,
        });
    }
    this.#watches.set(service, watch);
    this.#poll(watch, now);
  }

  #renew(watch: RolloutWatch, subject: Subject): void {
    const before = watch.subject.since;
    watch.subject = subject;
    if (before === null) this.#poll(watch, this.#now);
  }

  /** What others count is asked for from the first request to the new group on. */
  #poll(watch: RolloutWatch, now: number): void {
    const { service, spec, stable, canary, since } = watch.subject;
    if (since === null || spec.analysis == null) return;
    const subject = { environment: this.key, service, stable, canary };
    const pollers = spec.analysis.signals.flatMap((signal) => {
      const times = polled(signal);
      if (times === null) return [];
      return [new SignalPoller({ ...subject, signal }, times, this.ports.provider ?? null, now, this.#log)];
    });
    if (pollers.length > 0) watch.begin(pollers);
  }

  async #recallCursor(): Promise<string | null> {
    for (const { service, deployment, spec } of this.#subjects) {
      const kept = spec.analysis == null ? null : await this.#checkpoints.read(service, deployment);
      if (kept !== null) return kept.cursor;
    }
    return null;
  }

  async #checkpoint(now: number): Promise<void> {
    this.#checkpointAt = now;
    const cursor = this.#cursor;
    for (const [service, { analysis, subject }] of this.#watches) {
      if (analysis === null || cursor === null) continue;
      const checkpoint: Checkpoint = { schema: 1, cursor, analysis: analysis.snapshot() };
      await this.#keep(() => this.#checkpoints.write(service, subject.deployment, checkpoint));
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

  /** Series are no evidence: a disk that is full stops no verdict, but it is said once. */
  async #keep(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.#seriesProblem = null;
    } catch (error) {
      const problem = messageOf(error);
      if (problem !== this.#seriesProblem) this.#log("warn", `${this.key}: the series were not written: ${problem}`);
      this.#seriesProblem = problem;
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
