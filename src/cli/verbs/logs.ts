import { WindlassError } from "../../error.js";
import { suggestion } from "../../spec/problem.js";
import { findEnvironment, nameOf } from "../environment.js";
import { EXIT } from "../exit-code.js";
import { json } from "../output.js";
import { proposeServices } from "../propose.js";
import { LogPrinter } from "../render/log-lines.js";
import { JSON_FLAG, switchFlag, textFlag, verb } from "../verb.js";

type Flags = { readonly follow: boolean; readonly lines: number; readonly env?: string; readonly replica?: string };

export default verb<Flags, [string?]>({
  brief: "Print what the replicas of a service printed",
  description: "Of one service, or of all; the environment is given with --env. Ctrl-C ends --follow.",
  examples: ["windlass logs", "windlass logs api --follow", "windlass logs api --env production --lines 200"],
  parameters: {
    flags: {
      json: JSON_FLAG,
      follow: switchFlag("Go on with what they print from now on"),
      lines: {
        kind: "parsed",
        parse: count,
        brief: "How many past lines, per replica",
        placeholder: "n",
        default: "50",
      },
      env: textFlag("The environment, when there are several", "environment"),
      replica: textFlag("One replica only", "id"),
    },
    aliases: { f: "follow", n: "lines", e: "env" },
    positional: {
      kind: "tuple",
      parameters: [
        {
          placeholder: "service",
          brief: "One service only",
          parse: String,
          optional: true,
          proposeCompletions: proposeServices,
        },
      ],
    },
  },
  async run(cli, flags, service) {
    const plane = await cli.connect();
    const { view, wanted } = await narrow(cli, plane, service, flags.env);
    const names = view.services.map((one) => one.name);
    if (wanted !== null && !names.includes(wanted))
      throw new WindlassError("unknown-service", `No service ${wanted} runs in ${nameOf(view)}.`, {
        hint: suggestion(wanted, names),
      });
    const abort = new AbortController();
    const off = cli.onInterrupt(() => abort.abort());
    const query = { service: wanted, replica: flags.replica ?? null, lines: flags.lines, follow: flags.follow };
    const printer = new LogPrinter(cli);
    try {
      for await (const line of plane.logs(view.environment, query, abort.signal))
        if (flags.json) json(cli, line);
        else printer.print(line);
    } finally {
      off();
      abort.abort();
    }
    return EXIT.done;
  },
});

/** `windlass logs production` is understood, too: a word that is an environment and no service. */
async function narrow(
  cli: Parameters<typeof findEnvironment>[0],
  plane: Parameters<typeof findEnvironment>[1],
  word: string | undefined,
  env: string | undefined,
) {
  if (env === undefined && word !== undefined) {
    const all = await plane.environments();
    const isService = all.some((one) => one.services.some((service) => service.name === word));
    if (!isService && all.some((one) => nameOf(one) === word || one.environment === word))
      return { view: await findEnvironment(cli, plane, word), wanted: null };
  }
  return { view: await findEnvironment(cli, plane, env), wanted: word ?? null };
}

function count(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 0) throw new SyntaxError(`${text} is not a whole number`);
  return number;
}
