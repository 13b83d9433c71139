import type { Command } from "../core/model/command.js";
import { ask, refuse } from "./command.js";
import type { Cli } from "./context.js";
import { findEnvironment, nameOf } from "./environment.js";
import { EXIT, type ExitCode } from "./exit-code.js";
import { json, next, say } from "./output.js";

/** The verbs that ask an environment for one thing and say what it comes to. */
export async function act(
  cli: Cli,
  asked: string | undefined,
  command: Command,
  asJson: boolean,
  hints: (name: string) => readonly string[],
): Promise<ExitCode> {
  const plane = await cli.connect();
  const view = await findEnvironment(cli, plane, asked);
  const outcome = await ask(cli, plane, view.environment, command);
  if (outcome.kind === "refused") return refuse(cli, outcome, asJson);
  const { deployment, note } = outcome;
  if (asJson) json(cli, { kind: "accepted", environment: view.environment, deployment, note });
  else {
    say(cli, `${view.environment}: ${note}.`);
    next(cli, ...hints(nameOf(view)));
  }
  return EXIT.done;
}
