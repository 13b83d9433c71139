import { EXIT } from "../exit-code.js";
import { JSON_FLAG, switchFlag, verb } from "../verb.js";

type Flags = { readonly once: boolean };

export default verb<Flags, [string?]>({
  brief: "Run this directory's system here, and follow changes of its files",
  description:
    "Brings the system up in development: packs, starts, waits until it is ready, shows where to reach it and what it\n" +
    "prints, and deploys again when a file changes. Ctrl-C ends the watching; the system goes on until `windlass down`.",
  examples: ["windlass up", "windlass up --once   # don't watch"],
  parameters: {
    flags: { json: JSON_FLAG, once: switchFlag("End when it is up; don't watch and don't show what it prints") },
    positional: {
      kind: "tuple",
      parameters: [
        { placeholder: "environment", brief: "Another one than development", parse: String, optional: true },
      ],
    },
  },
  async run(cli, flags, asked) {
    const { Upkeep } = await import("../upkeep.js");
    const upkeep = new Upkeep(cli, asked, flags.json);
    const code = await upkeep.bring();
    if (flags.once || (code !== EXIT.done && code !== EXIT.rolledBack && code !== EXIT.failed)) return code;
    return upkeep.keep();
  },
});
