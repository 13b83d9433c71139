import type { Clock } from "../../../ports/clock.js";
import type { Measurement, ProbeSubject } from "../../../ports/signal-provider.js";
import type { CompiledSource } from "../../../spec/compiled.js";
import { account } from "../account.js";
import { CounterBook, type Reading } from "../counter-book.js";
import { type Answer, Exchange } from "../exchange.js";
import { type Side, sidesOf } from "../groups.js";
import { fill, namesGroup, promqlText } from "../placeholders.js";
import type { Source } from "../source.js";
import { type Bearer, bearer, type SecretLookup } from "../token.js";
import { duration, quoted, unanswered } from "../unanswered.js";
import { countersIn } from "./answer.js";

export type PrometheusSettings = Extract<CompiledSource, { kind: "prometheus" }>;

/** Cumulative counters by PromQL: instant queries, all of one look at the same evaluation time. */
export class PrometheusSource implements Source {
  readonly #exchange = new Exchange();
  readonly #book: CounterBook;
  /** Wall seconds of the last look. */
  #evaluated = 0;

  constructor(
    private readonly settings: PrometheusSettings,
    private readonly subject: ProbeSubject,
    private readonly clock: Clock,
    private readonly secret: SecretLookup,
  ) {
    this.#book = new CounterBook(settings.staleMs);
  }

  async read(now: number, signal: AbortSignal): Promise<Measurement> {
    const { settings, subject } = this;
    for (const name of ["bad", "total"] as const)
      if (!namesGroup(settings[name]))
        throw unanswered(`"${name}" does not say {{group}}: both groups would get its counts`);
    const second = Math.floor(this.clock.wall() / 1_000);
    if (second < this.#evaluated) {
      // An older moment would look like counters that began anew.
      throw unanswered(`the clock of this machine went back by ${this.#evaluated - second} s`);
    }
    const token = await bearer(settings.token, subject, this.secret);
    const readings: Record<Side, Reading[]> = { stable: [], canary: [] };
    const asked = sidesOf(subject).flatMap(({ side, group }) =>
      (["bad", "total"] as const).map(async (name) => {
        const answer = await this.#query(fill(settings[name], subject, group, promqlText), second, token, signal);
        readings[side].push(...countersIn(answer, name, settings.replicaLabel));
        return answer;
      }),
    );
    const answers = await Promise.all(asked);
    signal.throwIfAborted();
    if (readings.canary.length === 0) this.#compareClocks(answers, second);
    const measurement = account(this.#book, now, readings, subject, "Prometheus");
    this.#evaluated = second;
    return measurement;
  }

  close(): void {
    this.#exchange.close();
  }

  async #query(query: string, second: number, token: Bearer, signal: AbortSignal): Promise<Answer> {
    const url = new URL(this.settings.url);
    url.pathname = `${url.pathname.replace(/\/+$/, "")}/api/v1/query`;
    const body = new URLSearchParams({
      query,
      time: String(second),
      timeout: `${this.settings.timeoutMs}ms`,
      // Samples older than this are none. Servers that do not know the parameter look back 5 minutes.
      lookback_delta: `${this.settings.staleMs}ms`,
    }).toString();
    const headers = { ...token.headers, "content-type": "application/x-www-form-urlencoded" };
    const answer = await this.#exchange.ask({ method: "POST", url, headers, body }, signal);
    return { ...answer, text: token.conceal(answer.text) };
  }

  /** Nothing at a moment that Prometheus has not come to yet, or left long ago, is no finding. */
  #compareClocks(answers: readonly Answer[], second: number): void {
    const date = Date.parse(String(answers[0]?.headers.date ?? ""));
    const apart = Math.abs(date - second * 1_000);
    if (apart > Math.max(this.settings.staleMs, 5_000))
      throw unanswered(`the clocks of Prometheus and of this machine are ${quoted(duration(apart))} apart`);
  }
}
