import type { ControlPlane } from "../../engine/control-plane.js";
import type { Plan } from "../../plan/plan.js";
import { close } from "../closing.js";
import { refuse } from "../command.js";
import type { Cli } from "../context.js";
import { type Delivered, type Delivery, deliver } from "../deliver.js";
import { EXIT, type ExitCode } from "../exit-code.js";
import { followDeployment } from "../follow.js";
import { insist } from "../insist.js";
import { json, next, remark, say } from "../output.js";
import { pinCheckpoint } from "../pins.js";
import { progressFor } from "../progress.js";
import { planLines } from "../render/plan-lines.js";
import { styleOf } from "../render/style.js";
import { environmentOf, loadSpec } from "../spec.js";
import { ENVIRONMENT_ARGUMENT, JSON_FLAG, switchFlag, textFlag, verb, YES_FLAG } from "../verb.js";

type Flags = {
  readonly reason?: string;
  readonly fast: boolean;
  readonly detach: boolean;
  readonly yes: boolean;
  readonly version?: string;
};

export default verb<Flags, [string?]>({
  brief: "Put this directory's system into an environment, step by step",
  description:
    "Packs the services' files, shows what will change, puts the release into the environment as its strategy says,\n" +
    "watches it, and hauls it back when it does harm. Ctrl-C detaches; the deployment goes on.\n" +
    "A protected environment asks first on a terminal; in a pipe nobody is asked.\n" +
    "Ends with 0 done, 2 invalid or refused, 3 hauled back, 4 failed: a person is needed, 5 waits for a person (in a pipe).",
  examples: [
    "windlass deploy production",
    'windlass deploy production --reason "faster search" --yes',
    "windlass deploy staging --version 1.4.2 --detach --json",
    "windlass deploy production --fast   # skip the stages; replicas still have to be ready",
  ],
  parameters: {
    flags: {
      json: JSON_FLAG,
      reason: textFlag("Why; goes into the ledger", "text"),
      fast: switchFlag("Skip the stages"),
      detach: switchFlag("Don't follow; end with 0 once it is asked for"),
      yes: YES_FLAG,
      version: textFlag("The release's version; otherwise that of the package.json beside the spec", "version"),
    },
    positional: { kind: "tuple", parameters: [ENVIRONMENT_ARGUMENT] },
  },
  async run(cli, flags, asked) {
    const spec = await loadSpec(cli);
    const environment = environmentOf(spec, asked);
    const plane = await cli.connect();
    const delivery: Delivery = {
      spec,
      environment,
      key: `${spec.system.name}/${environment.name}`,
      reason: flags.reason ?? null,
      fast: flags.fast,
      version: flags.version,
      note: (line) => (flags.json ? json(cli, { kind: "note", text: line }) : remark(cli, line)),
    };
    const delivered = await deliver(cli, plane, delivery, (plan) => approve(cli, plan, delivery, flags));
    if (delivered === null) {
      say(cli, "Nothing was changed.");
      return EXIT.done;
    }
    return report(cli, plane, delivery, delivered, flags);
  },
});

type Given = Flags & { readonly json: boolean };

async function approve(cli: Cli, plan: Plan, delivery: Delivery, flags: Given): Promise<boolean> {
  if (flags.json) json(cli, { kind: "plan", plan });
  else for (const line of planLines(plan, styleOf(cli.terminal))) say(cli, line);
  if (!delivery.environment.protected || flags.yes || flags.json || cli.ask === null) return true;
  if (!plan.changes || plan.obstacles.length > 0) return true;
  return cli.ask.confirm(`Deploy to ${delivery.environment.name}?`, true);
}

async function report(
  cli: Cli,
  plane: ControlPlane,
  delivery: Delivery,
  delivered: Delivered,
  flags: Given,
): Promise<ExitCode> {
  const { outcome, since, release } = delivered;
  if (outcome.kind === "refused") return refuse(cli, outcome, flags.json);
  await insist(cli, plane, (one) => pinCheckpoint(cli, one));
  const { deployment, note } = outcome;
  if (flags.json) json(cli, { kind: "accepted", deployment, note, release });
  if (deployment === null || flags.detach) {
    if (flags.json) return EXIT.done;
    say(cli, deployment === null ? `${note}: nothing to do.` : `${deployment}: ${note}`);
    next(cli, `\`windlass status ${delivery.environment.name}${deployment === null ? "" : " --follow"}\``);
    return EXIT.done;
  }
  const leaveWhenWaiting = !cli.terminal.live;
  const following = { environment: delivery.key, deployment, since, leaveWhenWaiting };
  const followed = await followDeployment(cli, plane, following, await progressFor(cli, flags.json));
  return close(cli, followed, deployment, flags.json);
}
