import { text } from "node:stream/consumers";
import type { Cli } from "../context.js";

/** A value that is not shown: asked for on a terminal, else all of standard input without its last line break. */
export async function readSecret(cli: Cli, name: string): Promise<string> {
  if (cli.ask !== null) return cli.ask.hidden(`Value of ${name}`);
  return (await text(cli.stdin)).replace(/\r?\n$/, "");
}
