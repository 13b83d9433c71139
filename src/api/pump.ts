export interface StreamLimits {
  /** A stream with nothing to say says so this often. */
  readonly heartbeatMs: number;
  /** What is buffered for a reader that is slower than what it reads. */
  readonly bufferBytes: number;
  /** A reader that takes nothing of a full buffer for so long is disconnected. */
  readonly stallMs: number;
}

export interface StreamForm<T> {
  readonly media: "application/x-ndjson" | "text/event-stream";
  readonly heartbeat: string;
  /** Throws to end the stream with that error. */
  readonly item: (item: T) => string;
  /** The last words of a stream that went wrong. */
  readonly failure: (error: unknown) => string;
}

type Controller = ReadableStreamDefaultController<Uint8Array>;

/** Moves items from a source into the body of an answer, with one item in hand and a bounded buffer. */
export class Pump<T> {
  readonly #encoder = new TextEncoder();
  #room: () => void = nothing;
  #giveUp: () => void = nothing;
  #cancelled = false;

  constructor(
    private readonly items: AsyncIterator<T>,
    private readonly first: Promise<IteratorResult<T>>,
    private readonly form: StreamForm<T>,
    private readonly limits: StreamLimits,
    private readonly ended: AbortController,
    private readonly disconnect: () => void,
  ) {}

  stream(release: () => void): ReadableStream<Uint8Array> {
    const giveUp = () => this.#giveUp();
    this.ended.signal.addEventListener("abort", giveUp, { once: true });
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          void this.#run(controller).finally(release);
        },
        pull: () => this.#room(),
        cancel: () => {
          this.#cancelled = true;
          this.ended.abort();
        },
      },
      new ByteLengthQueuingStrategy({ highWaterMark: this.limits.bufferBytes }),
    );
  }

  async #run(controller: Controller): Promise<void> {
    const beat = setInterval(() => {
      if (hasRoom(controller)) this.#say(controller, this.form.heartbeat);
    }, this.limits.heartbeatMs);
    try {
      for (let next = this.first; ; next = this.items.next()) {
        const result = await this.#unlessEnded(next);
        if (result === null || result.done === true) break;
        this.#say(controller, this.form.item(result.value));
        if (!hasRoom(controller) && !(await this.#roomInTime(controller))) break;
      }
    } catch (error) {
      this.#say(controller, this.form.failure(error));
    }
    clearInterval(beat);
    if (!this.#cancelled) controller.close();
    this.ended.abort();
    // Its signal has told the source; how it ends is for nobody to read any more.
    this.items.return?.().then(nothing, nothing);
  }

  #say(controller: Controller, text: string): void {
    if (!this.#cancelled) controller.enqueue(this.#encoder.encode(text));
  }

  async #roomInTime(controller: Controller): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const room = new Promise<boolean>((resolve) => {
      this.#room = () => {
        if (hasRoom(controller)) resolve(true);
      };
      timer = setTimeout(() => resolve(false), this.limits.stallMs);
    });
    const inTime = await this.#unlessEnded(room);
    clearTimeout(timer);
    this.#room = nothing;
    if (inTime === false) this.disconnect();
    return inTime === true;
  }

  /**
   * The promise, or null as soon as the stream has ended. Not by Promise.race: its reactions would pile up on a
   * promise that lives as long as the stream.
   */
  #unlessEnded<R>(promise: Promise<R>): Promise<R | null> {
    return new Promise((resolve, reject) => {
      this.#giveUp = () => resolve(null);
      if (this.ended.signal.aborted) resolve(null);
      promise.then(resolve, reject);
    });
  }
}

function hasRoom(controller: Controller): boolean {
  return (controller.desiredSize ?? 0) > 0;
}

function nothing(): void {
  // No one waits.
}
