/** When work is due again by itself. A retry is not hurried by whatever else happens meanwhile. */
export type Next = { readonly kind: "never" } | { readonly kind: "after" | "retry"; readonly ms: number };

/** Somebody's change is looked at this long after it came, so that several are one. */
export const SETTLE_MS = 50;

/** One piece of work at a time: at once, some time later, or once more after the one that runs. */
export class Loop {
  #running: Promise<void> | null = null;
  #again = false;
  #timer: NodeJS.Timeout | null = null;
  /** When the timer rings. */
  #due = 0;
  #retries = false;
  #closed = false;

  /** `work` never throws for what is worth another try: it says when. */
  constructor(
    private readonly work: () => Promise<Next>,
    private readonly now: () => number,
  ) {}

  /** Resolves when what runs now is over. */
  get running(): Promise<void> | null {
    return this.#running;
  }

  kick(ms: number): void {
    if (this.#closed) return;
    if (this.#running !== null) this.#again = true;
    else if (ms > 0) this.#wait(ms);
    else this.#run();
  }

  close(): void {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #wait(ms: number): void {
    const due = this.now() + ms;
    if (this.#timer !== null) {
      if (this.#retries || this.#due <= due) return;
      clearTimeout(this.#timer);
    }
    this.#due = due;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.kick(0);
    }, ms).unref();
  }

  #run(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#retries = false;
    this.#running = this.work()
      .then((next) => {
        this.#running = null;
        const again = this.#again;
        this.#again = false;
        if (this.#closed) return;
        if (next.kind === "retry") this.#wait(next.ms);
        else if (again) this.#wait(SETTLE_MS);
        else if (next.kind === "after") this.#wait(next.ms);
        this.#retries = next.kind === "retry";
      })
      .finally(() => {
        this.#running = null;
      });
  }
}
