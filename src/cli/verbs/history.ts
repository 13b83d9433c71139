import type { EventRecord } from "../../core/model/event.js";
import type { ControlPlane } from "../../engine/control-plane.js";
import type { Cli } from "../context.js";
import { findEnvironment, nameOf } from "../environment.js";
import { EXIT } from "../exit-code.js";
import { json, next, say } from "../output.js";
import { deploymentsIn, historyLines } from "../render/history-lines.js";
import { RevisionNames, sentenceOf } from "../render/sentences.js";
import { styleOf } from "../render/style.js";
import { printable } from "../render/text.js";
import { ENVIRONMENT_ARGUMENT, JSON_FLAG, switchFlag, verb } from "../verb.js";

type Flags = { readonly events: boolean; readonly limit: number };

export default verb<Flags, [string?]>({
  brief: "List the deployments of an environment, or every event",
  description: "The newest first; with --events every fact of the ledger about this environment, the newest last.",
  examples: ["windlass history", "windlass history production --events --limit 50", "windlass history --json"],
  parameters: {
    flags: {
      json: JSON_FLAG,
      events: switchFlag("Every event instead of the deployments"),
      limit: { kind: "parsed", parse: positive, brief: "How many at most", placeholder: "n", default: "20" },
    },
    positional: { kind: "tuple", parameters: [ENVIRONMENT_ARGUMENT] },
  },
  async run(cli, flags, asked) {
    const plane = await cli.connect();
    const view = await findEnvironment(cli, plane, asked);
    const events = await allEvents(plane, view.environment);
    if (flags.events) printEvents(cli, events, flags.limit, flags.json);
    else if (flags.json)
      json(cli, { environment: view.environment, deployments: deploymentsIn(events).slice(-flags.limit) });
    else {
      for (const line of historyLines(deploymentsIn(events).slice(-flags.limit), styleOf(cli.terminal))) say(cli, line);
      next(
        cli,
        `\`windlass history ${nameOf(view)} --events\``,
        "`windlass rollback --to <revision>` goes to one of them",
      );
    }
    return EXIT.done;
  },
});

function positive(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1) throw new SyntaxError(`${text} is not a whole number above 0`);
  return count;
}

const PAGE = 1000;

/** Labels are in old events, so all are read; pages keep each answer small. */
async function allEvents(plane: ControlPlane, environment: string): Promise<readonly EventRecord[]> {
  const events: EventRecord[] = [];
  for (let version = 0; ; ) {
    const page = await plane.history(environment, version, PAGE);
    for (const event of page) events.push(event);
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return events;
    version = last.version;
  }
}

function printEvents(cli: Cli, events: readonly EventRecord[], limit: number, asJson: boolean): void {
  const names = new RevisionNames();
  const shown = events.length - limit;
  for (const [index, event] of events.entries()) {
    names.learnFrom(event);
    if (index < shown) continue;
    if (asJson) json(cli, { kind: "event", event });
    else say(cli, `${event.wall.slice(0, 19).replace("T", " ")}Z  ${printable(sentenceOf(event, names))}`);
  }
}
