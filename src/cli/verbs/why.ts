import { findEnvironment } from "../environment.js";
import { EXIT } from "../exit-code.js";
import { json, say } from "../output.js";
import { printable } from "../render/text.js";
import { waitingText } from "../render/view-lines.js";
import { ENVIRONMENT_ARGUMENT, JSON_FLAG, verb } from "../verb.js";

export default verb<Record<never, never>, [string?]>({
  brief: "Say in one sentence what a deployment waits for, and what would change that",
  examples: ["windlass why", "windlass why production --json"],
  parameters: {
    flags: { json: JSON_FLAG },
    positional: { kind: "tuple", parameters: [ENVIRONMENT_ARGUMENT] },
  },
  async run(cli, flags, asked) {
    const view = await findEnvironment(cli, await cli.connect(), asked);
    if (flags.json) json(cli, { environment: view.environment, now: view.now, ...view.waiting });
    else {
      say(cli, `${view.environment} waits for ${lowered(waitingText(view, view.now))}.`);
      say(cli, `What changes that: ${printable(view.waiting.change)}.`);
    }
    return EXIT.done;
  },
});

/** The engine's sentence after "waits for": `nothing: …` stays, a sentence of its own gets a colon. */
function lowered(sentence: string): string {
  if (sentence.startsWith("nothing: ")) return sentence;
  return `${sentence.startsWith("nothing ") ? "nothing" : "this"}: ${sentence}`;
}
