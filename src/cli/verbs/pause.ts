import { act } from "../act.js";
import { ENVIRONMENT_ARGUMENT, JSON_FLAG, textFlag, verb } from "../verb.js";

type Flags = { readonly reason?: string };

export default verb<Flags, [string?]>({
  brief: "Keep the deployment in progress at its stage",
  description:
    "The deployment stays at its stage until `resume`. It is still watched: a failing verdict takes it back.",
  examples: ["windlass pause production", 'windlass pause --reason "until the support desk is staffed"'],
  parameters: {
    flags: { json: JSON_FLAG, reason: textFlag("Why; goes into the ledger", "text") },
    positional: { kind: "tuple", parameters: [ENVIRONMENT_ARGUMENT] },
  },
  run: (cli, flags, asked) =>
    act(cli, asked, { kind: "pause", reason: flags.reason ?? null }, flags.json, (name) => [
      `\`windlass resume ${name}\` lets it go on`,
      `\`windlass abort ${name}\` takes it back`,
    ]),
});
