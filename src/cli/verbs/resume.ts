import { act } from "../act.js";
import { ENVIRONMENT_ARGUMENT, JSON_FLAG, verb } from "../verb.js";

export default verb<Record<never, never>, [string?]>({
  brief: "Let a paused deployment go on",
  examples: ["windlass resume", "windlass resume production"],
  parameters: {
    flags: { json: JSON_FLAG },
    positional: { kind: "tuple", parameters: [ENVIRONMENT_ARGUMENT] },
  },
  run: (cli, flags, asked) =>
    act(cli, asked, { kind: "resume" }, flags.json, (name) => [`\`windlass status ${name} --follow\``]),
});
