import { act } from "../act.js";
import { ENVIRONMENT_ARGUMENT, JSON_FLAG, textFlag, verb } from "../verb.js";

type Flags = { readonly reason?: string };

export default verb<Flags, [string?]>({
  brief: "Take the deployment in progress back",
  description:
    "All services go back to what they ran before, together. The revision is then held: it is not deployed again until\n" +
    "`unhold`; a fix is another revision and may go out at once. Nobody is asked: this is an emergency verb.",
  examples: ["windlass abort", 'windlass abort production --reason "customers report empty pages"'],
  parameters: {
    flags: { json: JSON_FLAG, reason: textFlag("Why; goes into the ledger", "text") },
    positional: { kind: "tuple", parameters: [ENVIRONMENT_ARGUMENT] },
  },
  run: (cli, flags, asked) =>
    act(cli, asked, { kind: "abort", reason: flags.reason ?? null }, flags.json, (name) => [
      `\`windlass status ${name} --follow\` shows the way back`,
      `\`windlass unhold ${name}\` before the same revision goes out again`,
    ]),
});
