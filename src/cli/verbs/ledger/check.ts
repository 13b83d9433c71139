import { readFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { WindlassError } from "../../../error.js";
import { checkProof } from "../../../proof/document.js";
import { EXIT } from "../../exit-code.js";
import { json, next, say } from "../../output.js";
import { readPins } from "../../pins.js";
import { styleOf } from "../../render/style.js";
import { printable } from "../../render/text.js";
import { JSON_FLAG, textFlag, verb } from "../../verb.js";

type Flags = { readonly key?: string };

/** What `ledger prove` prints; anything else is refused before it is looked at. */
const document = z.strictObject({
  format: z.literal("windlass-record-proof@1"),
  record: z.string(),
  sequence: z.int().min(1),
  path: z.array(z.string()).max(64),
  checkpoint: z.string(),
});

export default verb<Flags, [string]>({
  brief: "Check a proof, without the ledger and without a control plane",
  description:
    "Reads what `ledger prove` printed and says whether the event is in the ledger that signed the checkpoint. The key is the\n" +
    "one that this CLI pinned, or the one given: get it from somebody you trust, not from who sent the proof.",
  examples: [
    "windlass ledger check event-42.proof.json",
    "windlass ledger check proof.json --key windlass+d1e2f3a4+A…",
  ],
  parameters: {
    flags: {
      json: JSON_FLAG,
      key: textFlag("The ledger's public key: `ledger checkpoint --json` has it as verifierKey", "key"),
    },
    positional: { kind: "tuple", parameters: [{ placeholder: "file", brief: "The proof", parse: String }] },
  },
  async run(cli, flags, file) {
    const key = flags.key ?? readPins(cli)?.verifierKey;
    if (key === undefined)
      throw new WindlassError("cli-no-key", "There is no key to check the proof with: no ledger was seen here yet.", {
        hint: "`windlass ledger checkpoint --json` has it as verifierKey, where the ledger is; give it with --key.",
      });
    const { record, checkpoint } = checkProof(read(path.resolve(cli.cwd, file)), key);
    if (flags.json) json(cli, { ok: true, record, size: checkpoint.size });
    else {
      const style = styleOf(cli.terminal);
      say(cli, style.green(`${style.ok} event ${record.sequence} is in the ledger of ${checkpoint.size} events`));
      say(cli, `  ${record.wall}  ${record.stream}  ${printable(record.type)}  by ${printable(record.by)}`);
      next(cli, "`windlass ledger verify` checks a whole ledger");
    }
    return EXIT.done;
  },
});

function read(file: string): z.infer<typeof document> {
  try {
    return document.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch (cause) {
    throw new WindlassError("cli-proof-file", `${file} is not a proof.`, {
      hint: "`windlass ledger prove <sequence> > proof.json` makes one.",
      cause,
    });
  }
}
