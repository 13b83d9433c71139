import { ask, refuse } from "../command.js";
import { findEnvironment, nameOf } from "../environment.js";
import { EXIT } from "../exit-code.js";
import { json, next, say } from "../output.js";
import { ENVIRONMENT_ARGUMENT, JSON_FLAG, textFlag, verb, YES_FLAG } from "../verb.js";

type Flags = {
  readonly reason?: string;
  readonly yes: boolean;
};

export default verb<Flags, [string?]>({
  brief: "Stop everything in an environment; data is kept",
  description:
    "Stops all replicas and resources of an environment. The data of resources and the history are kept; `up` or\n" +
    "`deploy` brings it back. Without a name it is development. A terminal asks for any other environment.",
  examples: ["windlass down", 'windlass down staging --reason "saves power over the holidays" --yes'],
  parameters: {
    flags: { json: JSON_FLAG, reason: textFlag("Why; goes into the ledger", "text"), yes: YES_FLAG },
    positional: { kind: "tuple", parameters: [ENVIRONMENT_ARGUMENT] },
  },
  async run(cli, flags, asked) {
    const plane = await cli.connect();
    const view = await findEnvironment(cli, plane, asked ?? "development");
    const name = nameOf(view);
    if (name !== "development" && !flags.yes && !flags.json && cli.ask !== null) {
      if (!(await cli.ask.confirm(`Stop everything in ${view.environment}?`, false))) {
        say(cli, "Nothing was changed.");
        return EXIT.done;
      }
    }
    const outcome = await ask(cli, plane, view.environment, { kind: "down", reason: flags.reason ?? null });
    if (outcome.kind === "refused") return refuse(cli, outcome, flags.json);
    if (flags.json) json(cli, { kind: "accepted", environment: view.environment, note: outcome.note });
    else {
      say(cli, `${view.environment}: ${outcome.note}.`);
      next(
        cli,
        name === "development" ? "`windlass up` starts it again" : `\`windlass deploy ${name}\` starts it again`,
      );
    }
    return EXIT.done;
  },
});
