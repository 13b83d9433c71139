import { EXIT } from "../exit-code.js";
import { json, next, noting, say } from "../output.js";
import { buildRelease } from "../release/build.js";
import { planLines } from "../render/plan-lines.js";
import { styleOf } from "../render/style.js";
import { environmentOf, loadSpec } from "../spec.js";
import { ENVIRONMENT_ARGUMENT, JSON_FLAG, switchFlag, textFlag, verb } from "../verb.js";
import type { Detection, detectionOf as DetectionOf } from "./simulate/detection.js";

type Flags = { readonly exitCode: boolean; readonly detection: boolean; readonly version?: string };

export default verb<Flags, [string?]>({
  brief: "Show what a deployment would change, and why; changes nothing",
  description:
    "Packs the services' files as `deploy` does and compares with what runs. Nothing is uploaded or changed.\n" +
    "For each canary that gets requests it rehearses the rollout a few times and says what its stages would find.\n" +
    "Ends with 0; with --exit-code 2 when something would change or would be refused.",
  examples: ["windlass plan production", "windlass plan production --exit-code --json   # for CI"],
  parameters: {
    flags: {
      json: JSON_FLAG,
      exitCode: switchFlag("End with 2 when the plan is not empty"),
      detection: { kind: "boolean", brief: "Rehearse canaries with the traffic that they have", default: true },
      version: textFlag("The release's version", "version"),
    },
    positional: { kind: "tuple", parameters: [ENVIRONMENT_ARGUMENT] },
  },
  async run(cli, flags, asked) {
    const spec = await loadSpec(cli);
    const environment = environmentOf(spec, asked);
    const plane = await cli.connect();
    const { release, packed } = await buildRelease(spec, environment, flags.version, noting(cli, flags.json));
    await packed.remove();
    const key = `${spec.system.name}/${environment.name}`;
    const plan = await plane.plan(key, release, environment);
    const detections = flags.detection && plan.changes ? await detect(plane, key, environment, plan) : [];
    if (flags.json) json(cli, detections.length === 0 ? plan : { ...plan, detections });
    else {
      for (const line of planLines(plan, styleOf(cli.terminal), detections)) say(cli, line);
      if (plan.changes && plan.obstacles.length === 0)
        next(cli, `\`windlass deploy ${environment.name}\``, ...simulateHint(environment.name, detections));
    }
    const isEmpty = !plan.changes && plan.obstacles.length === 0;
    return flags.exitCode && !isEmpty ? EXIT.invalid : EXIT.done;
  },
});

/** Loaded when something may be rehearsed: the engine comes with it. */
async function detect(...about: Parameters<typeof DetectionOf>): Promise<readonly Detection[]> {
  const { detectionOf } = await import("./simulate/detection.js");
  return detectionOf(...about);
}

function simulateHint(environment: string, detections: readonly Detection[]): readonly string[] {
  if (detections.length === 0) return [];
  const unknown = detections.some(({ study }) => study === null) ? " --requests-per-second <n>" : "";
  return [`\`windlass simulate ${environment}${unknown}\` says what the stages would find, and what would find more`];
}
