/** A bounded queue between a producer that never waits and one reader. */
export class Channel<T> implements AsyncIterable<T> {
  #items: T[] = [];
  #wake: (() => void) | null = null;
  #ended = false;

  /** Past `limit` the oldest item that `droppable` allows goes; the reader gets the newer ones. */
  constructor(
    private readonly limit: number,
    private readonly droppable: (item: T) => boolean,
  ) {}

  push(item: T): void {
    if (this.#ended) return;
    this.#items.push(item);
    if (this.#items.length > this.limit) {
      const index = this.#items.findIndex((candidate) => this.droppable(candidate));
      this.#items.splice(Math.max(0, index), 1);
    }
    this.#wake?.();
  }

  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncIterator<T> {
    while (true) {
      const item = this.#items.shift();
      if (item !== undefined) {
        yield item;
        continue;
      }
      if (this.#ended) return;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = null;
    }
  }
}
