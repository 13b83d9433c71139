import { act } from "../act.js";
import { ENVIRONMENT_ARGUMENT, JSON_FLAG, textFlag, verb } from "../verb.js";

type Flags = { readonly reason?: string; readonly revision?: string };

export default verb<Flags, [string?]>({
  brief: "Lift a hold, or all of an environment",
  examples: ["windlass unhold production", 'windlass unhold production --revision r7 --reason "it was the network"'],
  parameters: {
    flags: {
      json: JSON_FLAG,
      reason: textFlag("Why; goes into the ledger", "text"),
      revision: textFlag("Which one (r7); all held ones otherwise", "revision"),
    },
    positional: { kind: "tuple", parameters: [ENVIRONMENT_ARGUMENT] },
  },
  run: (cli, flags, asked) =>
    act(
      cli,
      asked,
      { kind: "unhold", revision: flags.revision ?? null, reason: flags.reason ?? null },
      flags.json,
      (name) => [`\`windlass deploy ${name}\``],
    ),
});
