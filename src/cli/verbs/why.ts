import type { Judgement } from "../../core/model/judgement.js";
import type { EnvironmentView } from "../../engine/view.js";
import type { Cli } from "../context.js";
import { findEnvironment } from "../environment.js";
import { EXIT } from "../exit-code.js";
import { json, say } from "../output.js";
import { driftLines } from "../render/drift-lines.js";
import { signalLine, wholeEvidence } from "../render/evidence-lines.js";
import { styleOf } from "../render/style.js";
import { fold, printable } from "../render/text.js";
import { waitingText } from "../render/view-lines.js";
import { ENVIRONMENT_ARGUMENT, JSON_FLAG, verb } from "../verb.js";

/** A judgement that has to do with what an environment waits for. */
interface Judged {
  readonly service: string | null;
  readonly judgement: Judgement;
}

export default verb<Record<never, never>, [string?]>({
  brief: "Say what a deployment waits for, what would change that, and the evidence behind its verdict",
  description:
    "One sentence each, then what was counted for each signal: rates with the intervals that they lie in, the evidence of harm\n" +
    'and of no harm with what decides, what was left out, and what it would take. "1 : 340" is evidence that would come up in\n' +
    "one of 340 harmless rollouts at most.",
  examples: ["windlass why", "windlass why production --json"],
  parameters: {
    flags: { json: JSON_FLAG },
    positional: { kind: "tuple", parameters: [ENVIRONMENT_ARGUMENT] },
  },
  async run(cli, flags, asked) {
    const view = await findEnvironment(cli, await cli.connect(), asked);
    const judged = judgedIn(view);
    const { environment, now, waiting, drift } = view;
    if (flags.json) json(cli, { environment, now, ...waiting, judged, ...(drift !== undefined && { drift }) });
    else print(cli, view, judged);
    return EXIT.done;
  },
});

/** Of the deployment in progress: what stands now. Of one that went back: what turned it. */
function judgedIn(view: EnvironmentView): readonly Judged[] {
  const { deployment } = view;
  if (deployment === null || deployment.outcome === "succeeded" || deployment.outcome === "superseded") return [];
  const { cause } = deployment;
  if (cause?.judgement != null) return [{ service: cause.service, judgement: cause.judgement }];
  if (deployment.outcome !== null) return [];
  return view.services.flatMap(({ name, judgement }) => (judgement === null ? [] : [{ service: name, judgement }]));
}

function print(cli: Cli, view: EnvironmentView, judged: readonly Judged[]): void {
  const style = styleOf(cli.terminal);
  const width = cli.terminal.live ? cli.terminal.columns() : Number.POSITIVE_INFINITY;
  const lines = [
    `${view.environment} waits for ${lowered(waitingText(view, view.now))}.`,
    `What changes that: ${printable(view.waiting.change)}.`,
  ];
  for (const { service, judgement } of judged) {
    lines.push("", style.bold(service ?? view.environment));
    for (const signal of judgement.signals)
      lines.push(`  ${signalLine(signal, style)}`, ...wholeEvidence(signal, style).map((line) => `      ${line}`));
  }
  const drifted = driftLines(view, style);
  if (drifted.length > 0) lines.push("", ...drifted);
  for (const line of lines) for (const row of fold(line, width)) say(cli, row);
}

/** The engine's sentence after "waits for": `nothing: …` stays, a sentence of its own gets a colon. */
function lowered(sentence: string): string {
  if (sentence.startsWith("nothing: ")) return sentence;
  return `${sentence.startsWith("nothing ") ? "nothing" : "this"}: ${sentence}`;
}
