import type { RollbackPreview } from "../../engine/view.js";
import { close } from "../closing.js";
import { ask, refuse } from "../command.js";
import type { Cli } from "../context.js";
import { findEnvironment, nameOf } from "../environment.js";
import { EXIT } from "../exit-code.js";
import { followDeployment } from "../follow.js";
import { json, next, say } from "../output.js";
import { pinCheckpoint } from "../pins.js";
import { progressFor } from "../progress.js";
import { rollbackLines } from "../render/rollback-lines.js";
import { styleOf } from "../render/style.js";
import { ENVIRONMENT_ARGUMENT, JSON_FLAG, switchFlag, textFlag, verb, YES_FLAG } from "../verb.js";

type Flags = {
  readonly to?: string;
  readonly reason?: string;
  readonly detach: boolean;
  readonly preview: boolean;
  readonly yes: boolean;
};

export default verb<Flags, [string?]>({
  brief: "Go back to the revision that ran well before",
  description:
    "Shows what it goes back to and what it does not revert, asks on a terminal (Enter is yes), and goes. A second one\n" +
    "goes one further back, never forth again. In a pipe nobody is asked: this is an emergency verb. What was shown is\n" +
    "what happens, whatever else changed meanwhile.",
  examples: [
    "windlass rollback",
    'windlass rollback production --yes --reason "checkout is slow"',
    "windlass rollback production --to r4",
    "windlass rollback production --preview",
  ],
  parameters: {
    flags: {
      json: JSON_FLAG,
      to: textFlag("A revision to go to (r4); otherwise the one before", "revision"),
      reason: textFlag("Why; goes into the ledger", "text"),
      detach: switchFlag("Don't follow"),
      preview: switchFlag("Show what it would do, and do nothing"),
      yes: YES_FLAG,
    },
    positional: { kind: "tuple", parameters: [ENVIRONMENT_ARGUMENT] },
  },
  async run(cli, flags, asked) {
    const plane = await cli.connect();
    const view = await findEnvironment(cli, plane, asked);
    const preview = await plane.previewRollback(view.environment, flags.to ?? null);
    show(cli, preview, flags.json);
    if (flags.preview) return EXIT.done;
    if (!flags.yes && !flags.json && cli.ask !== null && !(await cli.ask.confirm("Go back?", true))) {
      say(cli, "Nothing was changed.");
      return EXIT.done;
    }
    const command = { kind: "rollback", to: preview.to.id, reason: flags.reason ?? null } as const;
    const outcome = await ask(cli, plane, view.environment, command);
    if (outcome.kind === "refused") return refuse(cli, outcome, flags.json);
    await pinCheckpoint(cli, plane);
    const { deployment, note } = outcome;
    if (flags.json) json(cli, { kind: "accepted", deployment, note });
    if (deployment === null || flags.detach) {
      if (flags.json) return EXIT.done;
      say(cli, `${view.environment}: ${note}.`);
      next(cli, `\`windlass status ${nameOf(view)} --follow\``);
      return EXIT.done;
    }
    const following = {
      environment: view.environment,
      deployment,
      since: view.version,
      leaveWhenWaiting: !cli.terminal.live,
    };
    const followed = await followDeployment(cli, plane, following, await progressFor(cli, flags.json));
    return close(cli, followed, deployment, flags.json);
  },
});

function show(cli: Cli, preview: RollbackPreview, asJson: boolean): void {
  if (asJson) json(cli, { kind: "preview", preview });
  else for (const line of rollbackLines(preview, styleOf(cli.terminal))) say(cli, line);
}
