import { WindlassError } from "../../../error.js";
import { EXIT } from "../../exit-code.js";
import { say } from "../../output.js";
import { JSON_FLAG, verb } from "../../verb.js";

export default verb<Record<never, never>, [string]>({
  brief: "Print a proof that one event is in the ledger, checkable without it",
  description: "A JSON document: the event, its place, the path to the root and the signed checkpoint.",
  examples: ["windlass ledger prove 42 > event-42.proof.json"],
  parameters: {
    flags: { json: JSON_FLAG },
    positional: {
      kind: "tuple",
      parameters: [{ placeholder: "sequence", brief: "The event's place in the whole ledger, from 1", parse: String }],
    },
  },
  async run(cli, flags, text) {
    const sequence = Number(text);
    if (!Number.isSafeInteger(sequence) || sequence < 1)
      throw new WindlassError("cli-sequence", `"${text}" is not the number of an event.`, {
        hint: "`windlass ledger export` has them as `sequence`.",
      });
    const proof = await (await cli.connect()).ledger.prove(sequence);
    say(cli, flags.json ? JSON.stringify(proof) : JSON.stringify(proof, null, 2));
    return EXIT.done;
  },
});
