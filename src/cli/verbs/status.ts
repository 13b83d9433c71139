import { existsSync } from "node:fs";
import type { EnvironmentView } from "../../engine/view.js";
import type { Cli } from "../context.js";
import { findEnvironment, nameOf } from "../environment.js";
import { EXIT, type ExitCode } from "../exit-code.js";
import { json, next, say } from "../output.js";
import { styleOf } from "../render/style.js";
import { fold } from "../render/text.js";
import { viewLines } from "../render/view-lines.js";
import { identify } from "../spec.js";
import { ENVIRONMENT_ARGUMENT, JSON_FLAG, switchFlag, verb } from "../verb.js";

type Flags = {
  readonly follow: boolean;
};

export default verb<Flags, [string?]>({
  brief: "Show what runs, and how a deployment stands",
  description:
    "Shows what runs in one environment, or in all of this directory's system (of all systems where there is no spec).\n" +
    "Ends with 0 whatever it shows; with --follow as `deploy` does.",
  examples: [
    "windlass status",
    "windlass status production --follow",
    "windlass status --json | jq '.environments[].current'",
  ],
  parameters: {
    flags: { json: JSON_FLAG, follow: switchFlag("Stay, and show the deployment in progress until it ends") },
    positional: { kind: "tuple", parameters: [ENVIRONMENT_ARGUMENT] },
  },
  async run(cli, flags, asked) {
    if (flags.follow) return (await import("../attach.js")).attach(cli, asked, flags.json);
    const views = await viewsOf(cli, asked);
    if (flags.json) json(cli, { environments: views });
    else print(cli, views);
    return EXIT.done;
  },
});

async function viewsOf(cli: Cli, asked: string | undefined): Promise<readonly EnvironmentView[]> {
  // Nothing is started only to hear that there is nothing.
  if (asked === undefined && !existsSync(cli.places.ledger) && (await cli.reach()) === null) return [];
  const plane = await cli.connect();
  if (asked !== undefined) return [await findEnvironment(cli, plane, asked)];
  const [all, identity] = [await plane.environments(), await identify(cli)];
  return identity === null ? all : all.filter((view) => view.environment.startsWith(`${identity.system}/`));
}

function print(cli: Cli, views: readonly EnvironmentView[]): ExitCode {
  const style = styleOf(cli.terminal);
  const width = cli.terminal.live ? cli.terminal.columns() : Number.POSITIVE_INFINITY;
  for (const [index, view] of views.entries()) {
    if (index > 0) say(cli);
    for (const line of viewLines(view, view.now, style)) for (const row of fold(line, width)) say(cli, row);
  }
  if (views.length === 0) say(cli, "Nothing was deployed yet.");
  next(cli, ...hints(views));
  return EXIT.done;
}

function hints(views: readonly EnvironmentView[]): readonly string[] {
  const [first] = views;
  if (first === undefined)
    return ["`windlass up` runs this directory's system", "`windlass deploy <environment>` delivers it"];
  const active = views.find((view) => view.deployment?.outcome === null);
  if (active === undefined) return [`\`windlass deploy ${nameOf(first)}\`, \`windlass logs ${nameOf(first)}\``];
  return [`\`windlass status ${nameOf(active)} --follow\`, \`windlass why ${nameOf(active)}\``];
}
