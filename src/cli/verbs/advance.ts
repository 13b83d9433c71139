import { act } from "../act.js";
import { ENVIRONMENT_ARGUMENT, JSON_FLAG, switchFlag, verb } from "../verb.js";

type Flags = { readonly full: boolean };

export default verb<Flags, [string?]>({
  brief: "Move the deployment in progress to its next stage now",
  description:
    "Ends the observation of the current stage, whatever its verdict, and goes on to the next one. With --full all stages\n" +
    "that are left are skipped, of the services still to come, too. Replicas still have to be ready before they get traffic.",
  examples: ["windlass advance", "windlass advance production --full"],
  parameters: {
    flags: { json: JSON_FLAG, full: switchFlag("To the end, without stages") },
    positional: { kind: "tuple", parameters: [ENVIRONMENT_ARGUMENT] },
  },
  run: (cli, flags, asked) =>
    act(cli, asked, { kind: "advance", full: flags.full }, flags.json, (name) => [
      `\`windlass status ${name} --follow\``,
    ]),
});
