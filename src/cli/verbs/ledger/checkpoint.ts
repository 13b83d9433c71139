import { EXIT } from "../../exit-code.js";
import { json, next, say } from "../../output.js";
import { pinCheckpoint } from "../../pins.js";
import { JSON_FLAG, verb } from "../../verb.js";

export default verb<Record<never, never>, []>({
  brief: "Print the signed tree head, and pin it here",
  description: "Give it to somebody else: whoever holds it finds every later change of what came before it.",
  examples: ["windlass ledger checkpoint > checkpoint.txt"],
  parameters: { flags: { json: JSON_FLAG } },
  async run(cli, flags) {
    const plane = await cli.connect();
    const { note, verifierKey } = await plane.ledger.checkpoint();
    await pinCheckpoint(cli, plane);
    if (flags.json) json(cli, { note, verifierKey });
    else {
      say(cli, note.trimEnd());
      if (cli.terminal.live) next(cli, `it is checked with the key ${verifierKey}`, "`windlass ledger verify`");
    }
    return EXIT.done;
  },
});
