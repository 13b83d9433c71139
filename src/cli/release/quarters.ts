import { bytes } from "../render/text.js";

/** Something shorter is over before a line could be read. */
const WORTH_A_LINE = 20_000_000;

/** Says how far a long transfer is, at each quarter of it: `uploaded 25 % of 80 MiB`. */
export class Quarters {
  #reached = 0;

  constructor(
    private readonly what: string,
    private readonly note: (line: string) => void,
  ) {}

  sent(done: number, of: number): void {
    const reached = Math.floor((4 * done) / Math.max(1, of));
    if (of < WORTH_A_LINE || reached <= this.#reached || reached >= 4) return;
    this.#reached = reached;
    this.note(`${this.what} ${reached * 25} % of ${bytes(of)}`);
  }
}
