import { EXIT } from "../exit-code.js";
import { JSON_FLAG, switchFlag, verb, YES_FLAG } from "../verb.js";

type Flags = { readonly yes: boolean; readonly yaml: boolean };

export default verb<Flags, []>({
  brief: "Write a spec for the project in this directory",
  description:
    "Looks at package.json, Procfile and the source for what to run, on which port, and how to tell that it is healthy;\n" +
    "asks on a terminal, and writes a windlass.system.ts that works. Nothing is ever overwritten.",
  examples: ["windlass init", "windlass init --yes --yaml"],
  parameters: {
    flags: { json: JSON_FLAG, yes: YES_FLAG, yaml: switchFlag("Write windlass.system.yaml instead") },
  },
  async run(cli, flags) {
    const { writeSpec } = await import("../init/write.js");
    return (await writeSpec(cli, flags)) ? EXIT.done : EXIT.invalid;
  },
});
