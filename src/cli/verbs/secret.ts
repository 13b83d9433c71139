import { buildRouteMap } from "@stricli/core";
import { WindlassError } from "../../error.js";
import type { Cli } from "../context.js";
import { EXIT, type ExitCode } from "../exit-code.js";
import { json, next, say } from "../output.js";
import { readSecret } from "../question/secret.js";
import { environmentOf, loadSpec } from "../spec.js";
import { ENVIRONMENT_ARGUMENT, JSON_FLAG, verb } from "../verb.js";

const NAME_ARGUMENT = { placeholder: "name", brief: "The secret's name, as the spec has it", parse: String } as const;

const set = verb<Record<never, never>, [string, string?]>({
  brief: "Set a secret of an environment; the value comes from standard input",
  description:
    "The value is asked for without showing it, or read from a pipe; never from the command line, where others could see\n" +
    "it. It goes to the machine that runs the environment and is never read back.",
  examples: ["windlass secret set stripe-key production", "windlass secret set stripe-key production < key.txt"],
  parameters: {
    flags: { json: JSON_FLAG },
    positional: { kind: "tuple", parameters: [NAME_ARGUMENT, ENVIRONMENT_ARGUMENT] },
  },
  async run(cli, flags, name, asked) {
    const value = await readSecret(cli, name);
    if (value === "") throw new WindlassError("cli-secret-empty", `Nothing was given for ${name}.`);
    return put(cli, asked, name, value, flags.json);
  },
});

const remove = verb<Record<never, never>, [string, string?]>({
  brief: "Remove a secret of an environment",
  examples: ["windlass secret remove stripe-key staging"],
  parameters: {
    flags: { json: JSON_FLAG },
    positional: { kind: "tuple", parameters: [NAME_ARGUMENT, ENVIRONMENT_ARGUMENT] },
  },
  run: (cli, flags, name, asked) => put(cli, asked, name, null, flags.json),
});

export default buildRouteMap({
  routes: { set, remove },
  docs: { brief: "Set or remove the secrets that the services of an environment get" },
});

/** The environment may have nothing deployed yet: its secrets come first. */
async function put(
  cli: Cli,
  asked: string | undefined,
  name: string,
  value: string | null,
  asJson: boolean,
): Promise<ExitCode> {
  const key = asked?.includes("/") === true ? asked : await keyOf(cli, asked);
  await (await cli.connect()).putSecrets(key, { [name]: value });
  if (asJson) json(cli, { environment: key, secret: name, set: value !== null });
  else {
    say(cli, `${key}: secret ${name} is ${value === null ? "removed" : "set"}.`);
    next(
      cli,
      `\`windlass deploy ${key.split("/")[1]}\` starts replicas that ${value === null ? "do without it" : "have it"}`,
    );
  }
  return EXIT.done;
}

async function keyOf(cli: Cli, asked: string | undefined): Promise<string> {
  const spec = await loadSpec(cli);
  return `${spec.system.name}/${environmentOf(spec, asked).name}`;
}
