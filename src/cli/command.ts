import type { CommandOutcome } from "../core/deployment/outcome.js";
import type { Command } from "../core/model/command.js";
import type { ControlPlane } from "../engine/control-plane.js";
import type { Cli } from "./context.js";
import { EXIT, type ExitCode } from "./exit-code.js";
import { insist } from "./insist.js";
import { json } from "./output.js";
import { styleOf } from "./render/style.js";
import { printable } from "./render/text.js";

/** Asks one environment for something; the key makes it harmless to ask again after a broken connection. */
export async function ask(
  cli: Cli,
  plane: ControlPlane,
  environment: string,
  command: Command,
  expected: number | null = null,
): Promise<CommandOutcome> {
  const envelope = { command, key: cli.newKey(), expected, by: cli.user };
  return insist(cli, plane, (one) => one.command(environment, envelope));
}

/** A refusal is an answer, not an error: what was asked, why not, and what would change that. */
export function refuse(cli: Cli, outcome: CommandOutcome & { kind: "refused" }, asJson: boolean): ExitCode {
  const { code, message, hint } = outcome.refusal;
  if (asJson) json(cli, { kind: "refused", refusal: outcome.refusal });
  else {
    const style = styleOf(cli.terminal);
    cli.process.stderr.write(
      `${style.yellow(`${style.bad} Refused: ${printable(message)}`)} ${style.dim(`[${code}]`)}\n`,
    );
    cli.process.stderr.write(`  ${printable(hint)}\n`);
  }
  return EXIT.invalid;
}
