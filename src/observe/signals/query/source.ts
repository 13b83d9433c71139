import type { SignalCounts } from "../../../core/model/judgement.js";
import type { Measurement, ProbeSubject } from "../../../ports/signal-provider.js";
import type { CompiledSource } from "../../../spec/compiled.js";
import { account } from "../account.js";
import { CounterBook, type Reading } from "../counter-book.js";
import { type Answer, Exchange, shown } from "../exchange.js";
import { type Side, sidesOf, WHOLE_GROUP } from "../groups.js";
import { fill, namesGroup } from "../placeholders.js";
import type { Source } from "../source.js";
import { type Bearer, bearer, type SecretLookup } from "../token.js";
import { duration, unanswered } from "../unanswered.js";
import { countsIn } from "./answer.js";
import { DeltaBook } from "./delta-book.js";
import { pointerToken } from "./json-pointer.js";

export type WebQuerySettings = Extract<CompiledSource, { kind: "http" }>;

const MOST_REDIRECTS = 3;

/** Counts in a JSON answer, of both groups when the URL says `{{group}}`, of the canary alone otherwise. */
export class WebQuerySource implements Source {
  readonly #exchange = new Exchange();
  readonly #cumulative: CounterBook;
  readonly #delta: DeltaBook;

  constructor(
    private readonly settings: WebQuerySettings,
    private readonly subject: ProbeSubject,
    private readonly secret: SecretLookup,
  ) {
    this.#cumulative = new CounterBook(settings.staleMs);
    this.#delta = new DeltaBook(settings.staleMs);
  }

  async read(now: number, signal: AbortSignal): Promise<Measurement> {
    const { settings } = this;
    const compared = namesGroup(settings.url);
    const subject = compared ? this.subject : { ...this.subject, stable: null };
    const token = await bearer(settings.token, subject, this.secret);
    const counts: Record<Side, SignalCounts | null> = { stable: null, canary: null };
    let host = "";
    const asked = sidesOf(subject).map(async ({ side, group }) => {
      const url = addressOf(fill(settings.url, subject, group, encodeURIComponent));
      host = url.host;
      const pointers = {
        bad: fill(settings.bad, subject, group, pointerToken),
        total: fill(settings.total, subject, group, pointerToken),
      };
      counts[side] = countsIn(await this.#get(url, token, signal), url, pointers);
    });
    try {
      await Promise.all(asked);
      signal.throwIfAborted();
    } catch (error) {
      // One group's counts may be lost now: the next answers would be of different times.
      this.#delta.interrupt();
      throw error;
    }
    if (settings.counts === "delta") return this.#delta.add(now, counts, subject, host);
    return account(
      this.#cumulative,
      now,
      { stable: readings(counts.stable), canary: readings(counts.canary) },
      subject,
      host,
    );
  }

  close(): void {
    this.#exchange.close();
  }

  async #get(first: URL, token: Bearer, signal: AbortSignal): Promise<Answer> {
    let url = first;
    for (let redirects = 0; ; redirects += 1) {
      const answer = await this.#exchange.ask({ method: "GET", url, headers: token.headers }, signal);
      const location = answer.headers.location;
      if (answer.status < 300 || answer.status >= 400 || typeof location !== "string")
        return this.#fresh({ ...answer, text: token.conceal(answer.text) }, url);
      if (redirects === MOST_REDIRECTS) throw unanswered(`${shown(first)} redirects more than ${MOST_REDIRECTS} times`);
      const next = URL.canParse(location, url.href) ? new URL(location, url) : null;
      // Another host would get the token, and could be anybody.
      if (next === null || next.origin !== first.origin)
        throw unanswered(`${shown(first)} redirects to ${next?.origin ?? "nowhere"}, which is not followed`);
      url = next;
    }
  }

  /** A cache in between says how old its answer is. */
  #fresh(answer: Answer, url: URL): Answer {
    const age = Number(answer.headers.age ?? 0) * 1_000;
    if (age > this.settings.staleMs)
      throw unanswered(`the answer of ${shown(url)} is ${duration(age)} old, from a cache`);
    return answer;
  }
}

function addressOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) throw unanswered("the source's url is none of http or https");
  return url;
}

function readings(counts: SignalCounts | null): Reading[] {
  if (counts === null) return [];
  return (["bad", "total"] as const).map((field) => ({
    series: WHOLE_GROUP,
    replica: WHOLE_GROUP,
    field,
    value: counts[field],
  }));
}
