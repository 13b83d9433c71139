import type { Cli } from "./context.js";
import type { Progress } from "./render/progress.js";

/** The renderer for where the output goes; only that one is loaded. */
export async function progressFor(cli: Cli, json: boolean): Promise<Progress> {
  if (json) return new (await import("./render/json.js")).JsonProgress(cli);
  if (cli.terminal.live) return new (await import("./render/tty.js")).TtyProgress(cli);
  return new (await import("./render/plain.js")).PlainProgress(cli);
}
