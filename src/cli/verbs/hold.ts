import { act } from "../act.js";
import { ENVIRONMENT_ARGUMENT, JSON_FLAG, textFlag, verb } from "../verb.js";

type Flags = { readonly reason: string; readonly revision?: string };

export default verb<Flags, [string?]>({
  brief: "Forbid a revision in an environment until somebody lifts it",
  description:
    "The environment does not go to this revision, and automation does not move it. A person may deploy another\n" +
    "revision, or lift the hold with `unhold`. Without --revision it is the current one.",
  examples: ['windlass hold production --revision r7 --reason "leaks memory"'],
  parameters: {
    flags: {
      json: JSON_FLAG,
      reason: { kind: "parsed", parse: String, brief: "Why; whoever meets the hold reads it", placeholder: "text" },
      revision: textFlag("Which one (r7); the current one otherwise", "revision"),
    },
    positional: { kind: "tuple", parameters: [ENVIRONMENT_ARGUMENT] },
  },
  run: (cli, flags, asked) =>
    act(cli, asked, { kind: "hold", revision: flags.revision ?? null, reason: flags.reason }, flags.json, (name) => [
      `\`windlass unhold ${name}\` lifts it`,
    ]),
});
