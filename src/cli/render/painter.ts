import type { Terminal } from "./terminal.js";
import { fold } from "./text.js";

const FRAME_MS = 100;
const ESCAPE = "\u001b";

/** Redraws a block of lines in place, at most ten times a second; lines above it stay. */
export class Painter {
  readonly #terminal: Terminal;
  readonly #write: (text: string) => void;
  readonly #cut: string;
  readonly #now: () => number;
  #drawn = 0;
  #lastAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | null = null;
  #block: readonly string[] = [];
  #above: string[] = [];

  constructor(terminal: Terminal, write: (text: string) => void, cut: string, now: () => number) {
    this.#terminal = terminal;
    this.#write = write;
    this.#cut = cut;
    this.#now = now;
  }

  /** A line that stays, above the block. */
  above(line: string): void {
    this.#above.push(line);
    this.#soon();
  }

  block(lines: readonly string[]): void {
    this.#block = lines;
    this.#soon();
  }

  /** Draws what is last and leaves it there. */
  end(): void {
    this.#paint();
    this.#drawn = 0;
    this.#block = [];
  }

  #soon(): void {
    const wait = this.#lastAt + FRAME_MS - this.#now();
    if (wait <= 0) this.#paint();
    else this.#timer ??= setTimeout(() => this.#paint(), wait);
  }

  #paint(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#lastAt = this.#now();
    // A line that the terminal wraps, or a block taller than the screen, could not be taken back.
    const room = Math.max(1, this.#terminal.rows() - 1);
    const columns = this.#terminal.columns() - 1;
    const folded = this.#block.flatMap((line) => fold(line, columns));
    const fits = folded.length <= room ? folded : [...folded.slice(0, room - 1), this.#cut];
    const lines = fits.map((line) => `${line}\n`);
    const above = this.#above.map((line) => `${line}\n`);
    this.#above = [];
    this.#write(`${this.#erase()}${above.join("")}${lines.join("")}`);
    this.#drawn = lines.length;
  }

  #erase(): string {
    // To the first column, too: a terminal that echoed ^C has moved the cursor.
    return this.#drawn === 0 ? "" : `\r${ESCAPE}[${this.#drawn}A${ESCAPE}[0J`;
  }
}
