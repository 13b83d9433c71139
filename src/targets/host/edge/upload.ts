import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";

export class BodyTooLarge extends Error {}

/**
 * The request's body on its way to a replica, with backpressure and a limit. It stands between the client's stream and
 * undici because undici destroys the body of a failed request, and with it would go the client's connection and the
 * chance to answer or to try another replica. Nothing is read before the replica's connection is there.
 */
export class Upload extends Readable {
  bytes = 0;
  #begun = false;
  readonly #req: IncomingMessage;
  readonly #limit: number;
  readonly #continue: ServerResponse | null;

  /** `expecting`: the response through which a waiting client is told to go on (Expect: 100-continue). */
  constructor(req: IncomingMessage, limit: number, expecting: ServerResponse | null) {
    super();
    this.#req = req;
    this.#limit = limit;
    this.#continue = expecting;
    // undici hears of it through its own listener; this one keeps a late error from being an uncaught one.
    this.on("error", () => this.#detach());
  }

  override _read(): void {
    if (!this.#begun) {
      this.#begun = true;
      this.#continue?.writeContinue();
      this.#req.on("data", this.#onData);
      this.#req.on("end", this.#onEnd);
      this.#req.on("close", this.#onClose);
    }
    this.#req.resume();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#detach();
    done(error);
  }

  /** What the replica did not want is read and dropped, so that the connection can carry the next request. */
  dropRest(): void {
    this.#detach();
    if (!this.#req.complete) this.#req.resume();
  }

  #onData = (chunk: Buffer): void => {
    this.bytes += chunk.length;
    if (this.bytes > this.#limit) this.destroy(new BodyTooLarge("the body is larger than the service allows"));
    else if (!this.push(chunk)) this.#req.pause();
  };

  #onEnd = (): void => {
    this.push(null);
  };

  #onClose = (): void => {
    if (!this.#req.complete) this.destroy(new Error("the client left in the middle of its body"));
  };

  #detach(): void {
    this.#req.off("data", this.#onData);
    this.#req.off("end", this.#onEnd);
    this.#req.off("close", this.#onClose);
  }
}
