import { WindlassError } from "../../error.js";
import { act } from "../act.js";
import { proposeServices } from "../propose.js";
import { ENVIRONMENT_ARGUMENT, JSON_FLAG, verb } from "../verb.js";

export default verb<Record<never, never>, [string, string?]>({
  brief: "Run a service with another number of replicas",
  description: "Holds until the next `scale`: over the spec's number, and through deployments and rollbacks.",
  examples: ["windlass scale api=4", "windlass scale api=0 staging"],
  parameters: {
    flags: { json: JSON_FLAG },
    positional: {
      kind: "tuple",
      parameters: [
        {
          placeholder: "service=replicas",
          brief: "Which service, and how many",
          parse: String,
          proposeCompletions: proposeServices,
        },
        ENVIRONMENT_ARGUMENT,
      ],
    },
  },
  async run(cli, flags, wanted, asked) {
    const [service, count] = split(wanted);
    return act(cli, asked, { kind: "scale", service, replicas: count }, flags.json, (name) => [
      `\`windlass status ${name}\``,
    ]);
  },
});

function split(wanted: string): readonly [string, number] {
  const match = /^([^=]+)=(\d{1,6})$/.exec(wanted);
  if (match?.[1] === undefined)
    throw new WindlassError("cli-scale", `"${wanted}" does not say how many of what.`, {
      hint: "windlass scale api=4",
    });
  return [match[1], Number(match[2])];
}
