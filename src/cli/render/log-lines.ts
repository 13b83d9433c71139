import type { LogLine } from "../../ports/target.js";
import type { Cli } from "../context.js";
import { say } from "../output.js";
import { type Style, styleOf } from "./style.js";
import { printable } from "./text.js";

/** Prints `replica | text`, replicas under each other; nothing that a service prints reaches the terminal raw. */
export class LogPrinter {
  readonly #cli: Cli;
  readonly #style: Style;
  #width = 0;

  constructor(cli: Cli) {
    this.#cli = cli;
    this.#style = styleOf(cli.terminal);
  }

  print(line: LogLine): void {
    const name = printable(line.replica);
    this.#width = Math.max(this.#width, name.length);
    const { cyan, red, yellow } = this.#style;
    const paint = line.stream === "stderr" ? red : line.stream === "windlass" ? yellow : cyan;
    say(this.#cli, `${paint(`${name.padEnd(this.#width)} |`)} ${printable(line.text)}`);
  }
}
