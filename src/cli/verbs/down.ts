import type { ControlPlane } from "../../engine/control-plane.js";
import { ask, refuse } from "../command.js";
import type { Cli } from "../context.js";
import { findEnvironment, nameOf } from "../environment.js";
import { EXIT, type ExitCode } from "../exit-code.js";
import { json, next, say } from "../output.js";
import { ENVIRONMENT_ARGUMENT, JSON_FLAG, textFlag, verb, YES_FLAG } from "../verb.js";

type Flags = {
  readonly all: boolean;
  readonly reason?: string;
  readonly yes: boolean;
};

const ALL_FLAG = { kind: "boolean", brief: "Every environment, and Windlass itself", default: false } as const;

async function downAll(cli: Cli, plane: ControlPlane, flags: Flags & { readonly json: boolean }): Promise<ExitCode> {
  const running = (await plane.environments()).filter((view) => view.services.length > 0);
  if (!flags.yes && !flags.json && cli.ask !== null) {
    const names = running.map((view) => view.environment).join(", ") || "no environment";
    if (!(await cli.ask.confirm(`Stop ${names}, and Windlass itself?`, false))) {
      say(cli, "Nothing was changed.");
      return EXIT.done;
    }
  }
  for (const view of running) {
    const outcome = await ask(cli, plane, view.environment, { kind: "down", reason: flags.reason ?? null });
    if (outcome.kind === "refused") return refuse(cli, outcome, flags.json);
    if (!flags.json) say(cli, `${view.environment}: ${outcome.note}.`);
  }
  await plane.stop({ everything: true });
  if (flags.json) json(cli, { kind: "stopped", environments: running.map((view) => view.environment) });
  else {
    say(cli, "Windlass itself has ended.");
    next(cli, "any verb starts it again; the ledger and the data are kept");
  }
  return EXIT.done;
}

export default verb<Flags, [string?]>({
  brief: "Stop everything in an environment; data is kept",
  description:
    "Stops all replicas and resources of an environment. The data of resources and the history are kept; `up` or\n" +
    "`deploy` brings it back. Without a name it is development. A terminal asks for any other environment.\n" +
    "With --all, every environment stops, and Windlass's own processes end.",
  examples: ["windlass down", 'windlass down staging --reason "saves power over the holidays" --yes'],
  parameters: {
    flags: { all: ALL_FLAG, json: JSON_FLAG, reason: textFlag("Why; goes into the ledger", "text"), yes: YES_FLAG },
    positional: { kind: "tuple", parameters: [ENVIRONMENT_ARGUMENT] },
  },
  async run(cli, flags, asked) {
    const plane = await cli.connect();
    if (flags.all) return downAll(cli, plane, flags);
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
