import type { Writable } from "node:stream";

/** Prints the tour: chapters, the commands it runs as a person would, and their output, indented. */
export class Story {
  #chapter = 0;

  constructor(
    private readonly out: Writable,
    private readonly colour: boolean,
  ) {}

  chapter(title: string, text: string): void {
    this.#chapter++;
    this.line("");
    this.line(this.#bold(`${this.#chapter}. ${title}`));
    for (const sentence of text.split("\n")) this.note(sentence.trim());
    this.line("");
  }

  command(words: readonly string[]): void {
    this.line(this.#bold(`  $ windlass ${words.join(" ")}`));
  }

  note(text: string): void {
    this.line(`  ${text}`);
  }

  line(text: string): void {
    this.out.write(`${text}\n`);
  }

  #bold(text: string): string {
    return this.colour ? `\u001b[1m${text}\u001b[0m` : text;
  }
}
