import { EXIT } from "../exit-code.js";
import { json, next, say } from "../output.js";
import { buildRelease } from "../release/build.js";
import { planLines } from "../render/plan-lines.js";
import { styleOf } from "../render/style.js";
import { environmentOf, loadSpec } from "../spec.js";
import { ENVIRONMENT_ARGUMENT, JSON_FLAG, switchFlag, textFlag, verb } from "../verb.js";

type Flags = { readonly exitCode: boolean; readonly version?: string };

export default verb<Flags, [string?]>({
  brief: "Show what a deployment would change, and why; changes nothing",
  description:
    "Packs the services' files as `deploy` does and compares with what runs. Nothing is uploaded or changed.\n" +
    "Ends with 0; with --exit-code 2 when something would change or would be refused.",
  examples: ["windlass plan production", "windlass plan production --exit-code --json   # for CI"],
  parameters: {
    flags: {
      json: JSON_FLAG,
      exitCode: switchFlag("End with 2 when the plan is not empty"),
      version: textFlag("The release's version", "version"),
    },
    positional: { kind: "tuple", parameters: [ENVIRONMENT_ARGUMENT] },
  },
  async run(cli, flags, asked) {
    const spec = await loadSpec(cli);
    const environment = environmentOf(spec, asked);
    const plane = await cli.connect();
    const { release, packed } = await buildRelease(spec, environment, flags.version);
    await packed.remove();
    const plan = await plane.plan(`${spec.system.name}/${environment.name}`, release, environment);
    if (flags.json) json(cli, plan);
    else {
      for (const line of planLines(plan, styleOf(cli.terminal))) say(cli, line);
      if (plan.changes && plan.obstacles.length === 0) next(cli, `\`windlass deploy ${environment.name}\``);
    }
    const isEmpty = !plan.changes && plan.obstacles.length === 0;
    return flags.exitCode && !isEmpty ? EXIT.invalid : EXIT.done;
  },
});
