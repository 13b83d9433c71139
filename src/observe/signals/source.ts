import type { Measurement } from "../../ports/signal-provider.js";

/** What is different between the kinds of sources; `probe.ts` is what is alike. */
export interface Source {
  /**
   * One look. Heeds `signal`, whose reason is a WindlassError with the sentence. Rejects with a WindlassError where the
   * source does not answer; what it remembers is changed only by a look that ends well.
   */
  read(now: number, signal: AbortSignal): Promise<Measurement>;
  close(): void;
}
