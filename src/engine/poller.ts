import type { SignalSecond } from "../core/analysis/second.js";
import type { EnvironmentKey } from "../core/model/intent.js";
import type { SignalJudgement, Verdict } from "../core/model/judgement.js";
import type { Measurement, ProbeSubject, SignalProbe, SignalProvider } from "../ports/signal-provider.js";
import type { Polled } from "../spec/compiled.js";
import type { EngineLog } from "./log.js";
import type { Subject } from "./subject.js";

/** More intervals than any look gives; a source that sends more loses the oldest ones. */
const MOST_WAITING = 1_000;

interface Trouble {
  readonly verdict: Extract<Verdict, "no-data" | "provider-error">;
  readonly sentence: string;
}

/** Those of a rollout's signals that the target does not count, request by request. */
export function pollersOf(
  environment: EnvironmentKey,
  { service, spec, stable, canary }: Subject,
  provider: SignalProvider | null,
  now: number,
  log: EngineLog,
): readonly SignalPoller[] {
  return (spec.analysis?.signals ?? []).flatMap((signal) => {
    const { source } = signal;
    if (source.kind === "errors" || source.kind === "slow") return [];
    return [new SignalPoller({ environment, service, stable, canary, signal }, source, provider, now, log)];
  });
}

/** One signal that others count, for one rollout: asked in the background, so that no step ever waits for a source. */
export class SignalPoller {
  readonly signal: string;
  readonly #times: Polled;
  readonly #probe: SignalProbe | null;
  readonly #closing = new AbortController();
  #waiting: SignalSecond[] = [];
  #looking = false;
  #nextAt: number;
  #answeredAt: number;
  #unable = "signals that others count need a control plane";
  #said: Exclude<Measurement, { kind: "data" }> | null = null;

  /** Begins at `now`, engine milliseconds. Without a provider nothing can be asked, and its verdict says so. */
  constructor(
    subject: ProbeSubject,
    times: Polled,
    provider: SignalProvider | null,
    now: number,
    private readonly log: EngineLog,
  ) {
    this.signal = subject.signal.name;
    this.#times = times;
    this.#probe = this.#begin(subject, provider);
    this.#nextAt = now;
    this.#answeredAt = now;
  }

  /** Asks when it is time to, and hands over what came since the last call. */
  take(now: number): readonly SignalSecond[] {
    if (!this.#looking && now >= this.#nextAt && this.#probe !== null && !this.#closing.signal.aborted) {
      this.#nextAt = now + this.#times.everyMs;
      this.#looking = true;
      void this.#look(this.#probe, now);
    }
    if (this.#waiting.length === 0) return this.#waiting;
    const taken = this.#waiting;
    this.#waiting = [];
    return taken;
  }

  /** What keeps it from being judged by its counts; null: nothing. */
  trouble(now: number): Trouble | null {
    if (this.#probe === null)
      return {
        verdict: "provider-error",
        sentence: `${this.signal}: its source cannot be asked (${this.#unable})`,
      };
    if (this.#said?.kind === "no-data")
      return { verdict: "no-data", sentence: `${this.signal}: ${this.#said.sentence}` };
    const silentMs = now - this.#answeredAt;
    if (silentMs <= this.#times.staleMs) return null;
    const why = this.#said === null ? "it is still being asked" : this.#said.sentence;
    return {
      verdict: "provider-error",
      sentence: `${this.signal}: its source has not answered for ${Math.round(silentMs / 1000)} s (${why})`,
    };
  }

  /** Ends a look that is under way and does not wait for it. */
  close(): void {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    this.#probe?.close().catch((error: unknown) => this.#report(error));
  }

  #begin(subject: ProbeSubject, provider: SignalProvider | null): SignalProbe | null {
    try {
      return provider?.begin(subject) ?? null;
    } catch (error) {
      this.#report(error);
      this.#unable = error instanceof Error ? error.message : String(error);
      return null;
    }
  }

  async #look(probe: SignalProbe, now: number): Promise<void> {
    try {
      this.#heard(await probe.measure(now, this.#closing.signal), now);
    } catch (error) {
      // A probe never rejects: one that does is a bug, and no answer.
      this.#report(error);
      this.#said = { kind: "no-answer", sentence: error instanceof Error ? error.message : String(error) };
    } finally {
      this.#looking = false;
    }
  }

  #heard(measurement: Measurement, asked: number): void {
    if (measurement.kind === "no-answer") {
      this.#said = measurement;
      return;
    }
    this.#answeredAt = asked;
    this.#said = measurement.kind === "no-data" ? measurement : null;
    if (measurement.kind === "data") this.#waiting = [...this.#waiting, ...measurement.intervals].slice(-MOST_WAITING);
  }

  #report(error: unknown): void {
    this.log("error", `${this.signal}: ${error instanceof Error ? error.message : String(error)}`, {
      code: "bug",
      ...(error instanceof Error ? { stack: error.stack } : {}),
    });
  }
}

/** A signal's judgement when its source is in trouble: counts that came before stay to be seen; a proven harm stands. */
export function withTrouble(judgement: SignalJudgement, trouble: Trouble | null): SignalJudgement {
  return trouble === null || judgement.verdict === "fail" ? judgement : { ...judgement, ...trouble };
}
