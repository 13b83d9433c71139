import { EXIT } from "../exit-code.js";
import { json, say } from "../output.js";
import { JSON_FLAG, verb } from "../verb.js";

export default verb<Record<never, never>, []>({
  brief: "Print the versions of the CLI and of the control plane",
  examples: ["windlass version", "windlass --version"],
  parameters: { flags: { json: JSON_FLAG } },
  async run(cli, flags) {
    const about = (await (await cli.reach())?.about()) ?? null;
    if (flags.json) json(cli, { cli: cli.version, controlPlane: about });
    else {
      say(cli, `windlass       ${cli.version}`);
      say(cli, `control plane  ${about === null ? "does not run" : `${about.version} (process ${about.pid})`}`);
      say(cli, `state          ${cli.places.home}`);
    }
    return EXIT.done;
  },
});
