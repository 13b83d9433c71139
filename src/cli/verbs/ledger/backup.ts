import path from "node:path";
import { EXIT } from "../../exit-code.js";
import { json, next, say } from "../../output.js";
import { plural } from "../../render/text.js";
import { JSON_FLAG, verb } from "../../verb.js";

export default verb<Record<never, never>, [string]>({
  brief: "Write a consistent copy of the ledger",
  description: "While everything goes on. The copy is written on the control plane's machine, which is this one.",
  examples: ["windlass ledger backup /backup/ledger-friday"],
  parameters: {
    flags: { json: JSON_FLAG },
    positional: {
      kind: "tuple",
      parameters: [{ placeholder: "directory", brief: "A new directory for the copy", parse: String }],
    },
  },
  async run(cli, flags, directory) {
    const done = await (await cli.connect()).ledger.backup(path.resolve(cli.cwd, directory));
    if (flags.json) json(cli, done);
    else {
      say(cli, `${plural(done.events, "event")} in ${done.path}`);
      next(cli, "keep it on another machine, with its checkpoint:");
      say(cli, done.note.trimEnd());
    }
    return EXIT.done;
  },
});
