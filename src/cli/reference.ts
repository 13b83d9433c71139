import { type Application, type CommandContext, generateHelpTextForAllCommands } from "@stricli/core";
import type { Cli } from "./context.js";
import { EXIT } from "./exit-code.js";

/** `docs/reference/cli.md`, from the definitions of the commands themselves. */
export function cliReference(application: Application<Cli>): string {
  // Only the texts are read; nothing is run with a lesser context.
  const verbs = generateHelpTextForAllCommands(application as unknown as Application<CommandContext>).map(
    ([route, help]) => `## \`${route}\`\n\n\`\`\`text\n${help.trimEnd()}\n\`\`\`\n`,
  );
  return `${HEAD}\n${verbs.join("\n")}`;
}

const HEAD = `<!-- Generated from src/cli/verbs; \`GOLDEN=write npx vitest run test/cli/help.test.ts\` writes it anew. -->

# The command line

A verb works on the system of the working directory: the nearest \`windlass.system.ts\` or \`.yaml\`. An environment is
given by name (\`production\`) or by key (\`shop/production\`), and may be left out where there is only one.

On a terminal a deployment is redrawn in place; in a pipe it is one line per event; with \`--json\` it is one JSON value
per line: \`plan\`, \`accepted\`, \`event\` (as the ledger has it), \`view\`, \`result\`, \`refused\`, \`error\`. \`NO_COLOR\` is
respected, and without a UTF-8 locale only ASCII is printed. Ctrl-C detaches; the deployment goes on.

| exit code | meaning |
|---|---|
| ${EXIT.done} | done, or detached |
| ${EXIT.bug} | a bug in Windlass |
| ${EXIT.invalid} | invalid use or spec, or refused: nothing was changed |
| ${EXIT.rolledBack} | hauled back, or superseded: what was asked for does not run, something else does |
| ${EXIT.failed} | failed, and a person has to look |
| ${EXIT.waiting} | waits for a person (only in a pipe) |

| variable | meaning |
|---|---|
| \`WINDLASS_HOME\` | where the state is kept; else \`/var/lib/windlass\` for root, else \`windlass\` in the XDG state home |
| \`XDG_CONFIG_HOME\` | below it, \`windlass/pins\` has the checkpoints that this CLI has seen |
| \`WINDLASS_DEBUG=1\` | errors with their stack |
| \`NO_COLOR\`, \`FORCE_COLOR\` | no colours; colours in a pipe, too |
`;
