import { spawn } from "node:child_process";
import path from "node:path";
import type { Story } from "./story.js";
import type { Workspace } from "./workspace.js";

const CLI = path.join(import.meta.dirname, "..", "..", "bin", "windlass.js");

export interface Ran {
  readonly code: number | null;
  readonly output: string;
}

/** Runs the CLI as a person would, in the workspace, and shows its output; `deadlineMs` ends one that hangs. */
export function windlass(
  story: Story,
  workspace: Workspace,
  words: readonly string[],
  options: { readonly quiet?: boolean; readonly deadlineMs?: number } = {},
): Promise<Ran> {
  const { quiet = false, deadlineMs = 120_000 } = options;
  if (!quiet) story.command(words);
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [CLI, ...words], {
      cwd: workspace.directory,
      env: { ...process.env, WINDLASS_HOME: workspace.home, NO_COLOR: "1" },
      stdio: ["ignore", "pipe", "pipe"],
      timeout: deadlineMs,
    });
    let output = "";
    let rest = "";
    const take = (chunk: Buffer) => {
      output += chunk.toString();
      const rows = (rest + chunk.toString()).split("\n");
      rest = rows.pop() ?? "";
      if (!quiet) for (const row of rows) story.line(`    ${row}`);
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    child.once("error", reject);
    child.once("close", (code) => {
      if (!quiet && rest !== "") story.line(`    ${rest}`);
      resolve({ code, output });
    });
  });
}
