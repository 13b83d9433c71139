import { type BaseArgs, type BaseFlags, buildCommand, type Command, type TypedCommandParameters } from "@stricli/core";
import { WindlassError } from "../error.js";
import type { Cli } from "./context.js";
import { EXIT, type ExitCode } from "./exit-code.js";
import { proposeEnvironments } from "./propose.js";
import { failureText } from "./render/failure.js";
import { styleOf } from "./render/style.js";

export type JsonFlag = { readonly json: boolean };

interface Verb<FLAGS extends BaseFlags, ARGS extends BaseArgs> {
  readonly brief: string;
  readonly description?: string;
  readonly examples: readonly string[];
  readonly parameters: TypedCommandParameters<FLAGS & JsonFlag, ARGS, Cli>;
  run(cli: Cli, flags: FLAGS & JsonFlag, ...args: ARGS): Promise<ExitCode>;
}

export const JSON_FLAG = {
  kind: "boolean",
  brief: "One JSON value per line instead of text",
  default: false,
  withNegated: false,
} as const;

export const YES_FLAG = {
  kind: "boolean",
  brief: "Answer every question with yes",
  default: false,
  withNegated: false,
} as const;

/** A switch that is off unless given. */
export function switchFlag(brief: string) {
  return { kind: "boolean", brief, default: false, withNegated: false } as const;
}

/** A text that may be left out. */
export function textFlag(brief: string, placeholder: string) {
  return { kind: "parsed", parse: String, brief, placeholder, optional: true } as const;
}

export const ENVIRONMENT_ARGUMENT = {
  placeholder: "environment",
  brief: "Its name (production) or its key (shop/production); may be left out when there is only one",
  parse: String,
  optional: true,
  proposeCompletions: proposeEnvironments,
} as const;

/** A verb as a command: every failure is rendered in one place and becomes an exit code. */
export function verb<FLAGS extends BaseFlags, ARGS extends BaseArgs>(definition: Verb<FLAGS, ARGS>): Command<Cli> {
  const examples = definition.examples.map((line) => `  ${line}`).join("\n");
  const description = definition.description ?? `${definition.brief}.`;
  return buildCommand<FLAGS & JsonFlag, ARGS, Cli>({
    docs: { brief: definition.brief, fullDescription: `${description}\n\nEXAMPLES\n${examples}` },
    parameters: definition.parameters,
    async func(flags, ...args) {
      this.process.exitCode = await guarded(this, flags.json, () => definition.run(this, flags, ...args));
    },
  });
}

async function guarded(cli: Cli, json: boolean, run: () => Promise<ExitCode>): Promise<ExitCode> {
  try {
    return await run();
  } catch (error) {
    if (json) {
      const wire = error instanceof WindlassError ? error.toJSON() : { code: "bug", message: String(error) };
      cli.process.stdout.write(`${JSON.stringify({ kind: "error", error: wire })}\n`);
    }
    cli.process.stderr.write(failureText(error, styleOf(cli.terminal), cli.env));
    return error instanceof WindlassError ? codeOf(error) : EXIT.bug;
  }
}

/** What a person can put right is invalid use; what the machine has to put right needs a person to look. */
function codeOf(error: WindlassError): ExitCode {
  if (
    /^(spec|cli|archive|image|environment|unknown|nothing-before|revision-held|api-bad|api-invalid|api-unknown|kubernetes-(command|image|not))(-|$)/.test(
      error.code,
    )
  )
    return error.code.startsWith("cli-control-") ? EXIT.failed : EXIT.invalid;
  return EXIT.failed;
}
