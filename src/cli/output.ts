import type { Cli } from "./context.js";
import type { Environment } from "./home.js";

/** One line of the answer. */
export function say(cli: Cli, line = ""): void {
  cli.process.stdout.write(`${line}\n`);
}

/** A remark beside the answer, on standard error: never in the way of a pipe. */
export function remark(cli: Cli, line: string): void {
  cli.process.stderr.write(`${line}\n`);
}

/** One JSON value per line. */
export function json(cli: Cli, value: unknown): void {
  cli.process.stdout.write(`${JSON.stringify(value)}\n`);
}

/** What to do next: the last lines of every verb, on a terminal and in a pipe, never with `--json`. */
export function next(cli: Cli, ...lines: readonly string[]): void {
  say(cli);
  for (const [index, line] of lines.entries()) say(cli, `${index === 0 ? "Next: " : "      "}${line}`);
}

/** What images are made with, and where it is told what takes time: beside the answer, or as notes in JSON. */
export function noting(
  cli: Cli,
  asJson: boolean,
): { readonly env: Environment; readonly note: (line: string) => void } {
  return { env: cli.env, note: (line) => (asJson ? json(cli, { kind: "note", text: line }) : remark(cli, line)) };
}
