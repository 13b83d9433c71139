import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import type { KnownRecord } from "../../core/model/event.js";
import { WindlassError } from "../../error.js";
import { htmlReport } from "../../report/html.js";
import { markdownReport } from "../../report/markdown.js";
import { type ReportInput, reportData, reportDocument } from "../../report/report.js";
import { deploymentsAsked, type Story, storyOf } from "../../report/story.js";
import { suggestion } from "../../spec/problem.js";
import { findEnvironment, nameOf } from "../environment.js";
import { EXIT } from "../exit-code.js";
import { json, next, say } from "../output.js";
import { RevisionNames, sentenceOf } from "../render/sentences.js";
import { ENVIRONMENT_ARGUMENT, JSON_FLAG, textFlag, verb } from "../verb.js";
import { allEvents, countedIn } from "./report/gather.js";

type Format = "html" | "markdown" | "json";
type Flags = { readonly output?: string; readonly format?: Format };
/** A deployment alone is known by its look. */
const DEPLOYMENT = /^d\d+$/;

const ENDINGS: Readonly<Record<string, Format>> = {
  ".html": "html",
  ".htm": "html",
  ".md": "markdown",
  ".json": "json",
};
const ENDING: Readonly<Record<Format, string>> = { html: ".html", markdown: ".md", json: ".json" };

export default verb<Flags, [string?, string?]>({
  brief: "Write the report of a deployment: what was asked, what was found, what was decided, with charts",
  description:
    "Of the last one unless named. One HTML file that needs no other, Markdown with its charts beside it, or JSON.\n" +
    "It is written to .windlass/<environment>-<deployment>.html, which no release contains, or to --output; `-` prints it.\n" +
    "Counts by the second are kept for two hours, by the minute for two days: the charts of an older one are coarser, or missing.",
  examples: [
    "windlass report",
    "windlass report production d3",
    "windlass report --output canary.md",
    "windlass report --format json --output - | jq .cause",
  ],
  parameters: {
    flags: {
      json: JSON_FLAG,
      output: textFlag("The file to write, or - to print it", "file"),
      format: {
        kind: "enum",
        values: ["html", "markdown", "json"],
        brief: "Of the report; else the file's ending says it",
        optional: true,
      },
    },
    aliases: { o: "output" },
    positional: {
      kind: "tuple",
      parameters: [
        ENVIRONMENT_ARGUMENT,
        { placeholder: "deployment", brief: "Its id, d3; default: the last one", parse: String, optional: true },
      ],
    },
  },
  async run(cli, flags, first, second) {
    const isAlone = second === undefined && first !== undefined && DEPLOYMENT.test(first);
    const [environment, asked] = isAlone ? [undefined, first] : [first, second];
    const plane = await cli.connect();
    const view = await findEnvironment(cli, plane, environment);
    const events = await allEvents(plane, view.environment);
    const story = storyIn(view.environment, events, asked, view.now);
    const input: ReportInput = {
      story,
      counted: await countedIn(plane, story),
      checkpoint: await plane.ledger.checkpoint(),
      tell: teller(events),
    };
    const ending = path.extname(flags.output ?? "").toLowerCase();
    const format = flags.json ? "json" : (flags.format ?? ENDINGS[ending] ?? "html");
    const output =
      flags.output ?? (flags.json ? "-" : path.join(".windlass", `${nameOf(view)}-${story.id}${ENDING[format]}`));
    const footer = `Written by Windlass ${cli.version} on ${new Date(cli.now()).toISOString().slice(0, 16).replace("T", " ")} UTC.`;
    const files = filesOf(input, format, output, footer);
    if (output === "-") {
      if (format === "json") json(cli, reportData(input));
      else cli.process.stdout.write(Object.values(files)[0] ?? "");
      return EXIT.done;
    }
    for (const [name, text] of Object.entries(files)) await write(path.resolve(cli.cwd, name), text);
    say(cli, `${story.id} of ${view.environment}: ${Object.keys(files).join(", ")}`);
    next(cli, ...(format === "html" ? [`open ${output} in a browser`] : []), `\`windlass why ${nameOf(view)}\``);
    return EXIT.done;
  },
});

function storyIn(environment: string, events: readonly KnownRecord[], asked: string | undefined, now: number): Story {
  const known = deploymentsAsked(events);
  const wanted = asked ?? known.at(-1);
  const story = wanted === undefined ? null : storyOf(environment, events, wanted, now);
  if (story !== null) return story;
  throw new WindlassError("unknown-deployment", `There is no deployment ${wanted ?? ""} of ${environment}.`, {
    hint: wanted === undefined ? "`windlass deploy` makes one" : suggestion(wanted, known.slice(-20)),
  });
}

function filesOf(input: ReportInput, format: Format, output: string, footer: string): Readonly<Record<string, string>> {
  if (format === "json") return { [output]: `${JSON.stringify(reportData(input), null, 2)}\n` };
  const report = reportDocument(input);
  if (format === "html") return { [output]: htmlReport(report, footer) };
  if (output === "-")
    throw new WindlassError("cli-report-output", "Markdown has its charts in files beside it and cannot be printed.", {
      hint: "name a file: --output report.md",
    });
  const { dir, name } = path.parse(output);
  const { text, files } = markdownReport(report, name, footer);
  const beside = Object.entries(files).map(([file, svg]) => [path.join(dir, file), svg]);
  return { [output]: text, ...Object.fromEntries(beside) };
}

/** Whole or not at all: somebody may be reading an earlier one. */
async function write(file: string, text: string): Promise<void> {
  const draft = `${file}.${process.pid}`;
  try {
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(draft, text);
    await rename(draft, file);
  } catch (cause) {
    // What went wrong first is what is told.
    await rm(draft, { force: true }).catch(() => undefined);
    throw new WindlassError("cli-report-not-written", `${file} cannot be written.`, { cause });
  }
}

function teller(events: readonly KnownRecord[]): ReportInput["tell"] {
  const names = new RevisionNames();
  for (const event of events) names.learnFrom(event);
  return (event) => sentenceOf(event, names);
}
