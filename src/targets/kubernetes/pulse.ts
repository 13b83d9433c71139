import { WindlassError } from "../../error.js";

/** So long after the last word the server is asked for one: a watch is silent while nothing happens. */
const ASK_MS = 3_000;
/** Who leaves the question open for so long is not there: what is known of the cluster is not what is. */
const OPEN_MS = 7_000;

/** With these nothing was said of the cluster; every other refusal is an answer. */
const NO_ANSWERS: ReadonlySet<string> = new Set([
  "kubernetes-config",
  "kubernetes-timeout",
  "kubernetes-unauthorized",
  "kubernetes-unreachable",
]);

/** Tells a quiet cluster from one that does not answer: a server that hangs leaves its watches open. */
export class Pulse {
  #answeredAt = Number.NEGATIVE_INFINITY;
  /** Since when the question is open; null: it was answered. */
  #openSince: number | null = null;
  #asking = false;
  #problem: WindlassError | null = null;

  constructor(
    private readonly server: string,
    /** A small question that every server answers. */
    private readonly ask: () => Promise<unknown>,
    private readonly now: () => number,
  ) {}

  /** Once a question stays open and nothing else is heard, throws why, or `kubernetes-unreachable`. `heardAt`: when anything came last. */
  require(heardAt: number): void {
    const now = this.now();
    const lastAt = Math.max(heardAt, this.#answeredAt);
    if (this.#openSince !== null && lastAt >= this.#openSince) this.#openSince = null;
    if (now - lastAt > ASK_MS) {
      this.#openSince ??= now;
      if (!this.#asking) void this.#beat();
    }
    if (this.#openSince === null || now - this.#openSince <= OPEN_MS) return;
    if (this.#problem !== null) throw this.#problem;
    const silent = Math.floor((now - this.#openSince) / 1_000);
    throw new WindlassError("kubernetes-unreachable", `${this.server} has not answered for ${silent} s`, {
      retry: "safe",
    });
  }

  async #beat(): Promise<void> {
    this.#asking = true;
    this.#problem = await this.#answer();
    if (this.#problem === null) {
      this.#answeredAt = this.now();
      this.#openSince = null;
    }
    this.#asking = false;
  }

  /** Null: there was one. */
  async #answer(): Promise<WindlassError | null> {
    try {
      await this.ask();
      return null;
    } catch (error) {
      // Whatever else went wrong, something was answered.
      return error instanceof WindlassError && NO_ANSWERS.has(error.code) ? error : null;
    }
  }
}
