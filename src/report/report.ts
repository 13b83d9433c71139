import type { EventRecord } from "../core/model/event.js";
import { type Chart, chartOf } from "./chart/chart.js";
import { type Counted, type Course, coursesOf } from "./course.js";
import type { Part, ReportDocument, Tone } from "./document.js";
import type { ServiceStory } from "./service-story.js";
import type { Story } from "./story.js";
import { courseTable, requestsTable, stagesTable, verdictsTable } from "./tables.js";
import { span } from "./words.js";

/** Everything that a report is made of. */
export interface ReportInput {
  readonly story: Story;
  /** By service; absent: nothing is kept of it. */
  readonly counted: Readonly<Record<string, Counted>>;
  /** The ledger's signed tree head and the key to check it with; null: it could not be had. */
  readonly checkpoint: { readonly note: string; readonly verifierKey: string } | null;
  /** An event as a sentence. */
  readonly tell: (event: EventRecord) => string;
}

/** The report as plain JSON: the story, and each signal over time. */
export function reportData({ story, counted, checkpoint }: ReportInput): object {
  const { clock, services, ...rest } = story;
  const wall = (at: number | null) => (at === null ? null : clock.iso(at));
  return {
    ...rest,
    services: services.map(({ spec: _, ...service }) => service),
    requested: wall(story.requestedAt),
    started: wall(story.startedAt),
    turned: wall(story.turnedAt),
    ended: wall(story.endedAt),
    courses: story.services.flatMap((service) => coursesIn(service, counted)),
    checkpoint,
  };
}

export function reportDocument(input: ReportInput): ReportDocument {
  const { story, checkpoint } = input;
  const parts: Part[] = [{ kind: "facts", rows: factRows(story) }];
  for (const service of story.services) if (service.action !== "keep") parts.push(...servicePart(input, service));
  const kept = story.services.filter(({ action }) => action === "keep").map(({ service }) => service);
  if (kept.length > 0) parts.push({ kind: "paragraph", text: `Not touched: ${kept.join(", ")}.` });
  parts.push(
    { kind: "heading", level: 2, text: "What happened" },
    {
      kind: "table",
      caption: "Every event of the ledger about this deployment, times in UTC",
      head: ["time", "by", "what", "event"],
      rows: story.events.map((event) => [
        story.clock.time(event.at),
        person(event.by),
        input.tell(event),
        String(event.sequence),
      ]),
    },
    ...ledgerPart(story, checkpoint),
  );
  if (isCompared(story) || parts.some(({ kind }) => kind === "chart")) parts.push(...glossary());
  const { environment, id, from, to } = story;
  const path = from === null ? to.label : `${from.label} → ${to.label}`;
  return { title: `${environment} ${id}: ${path}`, banner: banner(story), parts };
}

function servicePart({ story, counted }: ReportInput, service: ServiceStory): readonly Part[] {
  const parts: Part[] = [{ kind: "heading", level: 2, text: service.service }];
  if (service.action === "remove") return [...parts, { kind: "paragraph", text: "The service was removed." }];
  const known = counted[service.service];
  const courses = coursesIn(service, counted);
  parts.push(...courses.map((course) => chartPart(story, service, course)));
  if (courses.length > 0) parts.push({ kind: "paragraph", aside: true, text: drawnFrom(courses[0]) });
  if (service.stages.length > 0) parts.push(stagesTable(story, service));
  const verdicts = verdictsTable(story, service);
  if (verdicts !== null) parts.push(verdicts);
  const requests = known === undefined ? null : requestsTable(story, service, known);
  parts.push(requests ?? { kind: "paragraph", aside: true, text: "No counts of requests are kept from that time." });
  return parts;
}

function coursesIn(service: ServiceStory, counted: ReportInput["counted"]): readonly Course[] {
  const known = counted[service.service];
  return known === undefined ? [] : coursesOf(service, known);
}

function chartPart(story: Story, service: ServiceStory, course: Course): Part {
  const chart: Chart = chartOf(story, service, course);
  return { kind: "chart", chart, numbers: courseTable(story, course) };
}

function drawnFrom(course: Course | undefined): string {
  const every = course === undefined || course.blockMs === 1_000 ? "second" : "minute";
  return (
    `Lines are the shares of bad requests so far, bands the intervals in which they lie (95 %, at every moment at once). ` +
    `Drawn from the counts of every ${every}, put through the same analysis again; ` +
    `what the engine had learned before is not in them, so the ledger's numbers below may differ a little, and they count.`
  );
}

function factRows(story: Story): readonly (readonly [string, string])[] {
  const { clock, from, to, reason, requestedAt, startedAt, endedAt, now } = story;
  const end = endedAt ?? now;
  const asked = story.kind === "rollback" ? "a rollback" : "a deployment";
  return [
    ["asked for", `${asked} by ${person(story.by)}, ${clock.day(requestedAt)}${story.fast ? ", without stages" : ""}`],
    ...(reason === null ? [] : [["reason", reason] as const]),
    ["from", from === null ? "nothing: the first one" : `${from.label} (${from.id})`],
    ["to", `${to.label} (${to.id})${to.digest === "" ? "" : `, ${to.digest.slice(0, 19)}…`}`],
    ["took", `${span(end - (startedAt ?? requestedAt))}${endedAt === null ? " so far" : `, until ${clock.day(end)}`}`],
  ];
}

function causeText({ cause, turnedAt, clock }: Story): string {
  if (cause === null) return "";
  const where = cause.service === null ? "" : `${cause.service}: `;
  return `${where}${cause.sentence}${turnedAt === null ? "" : ` (${clock.day(turnedAt)})`}`;
}

function banner(story: Story): ReportDocument["banner"] {
  const [tone, words]: [Tone, string] =
    story.outcome === null
      ? ["open", "In progress"]
      : story.outcome === "succeeded"
        ? ["good", story.kind === "rollback" ? "Rolled back as asked" : "Succeeded"]
        : story.outcome === "rolled-back"
          ? ["bad", "Hauled back"]
          : story.outcome === "failed"
            ? ["bad", "Failed"]
            : ["open", "Superseded"];
  return { tone, words, sentence: story.cause === null ? openVerdict(story) : causeText(story) };
}

/** What a deployment that is not decided was last judged to be. */
function openVerdict({ outcome, services, clock }: Story): string | null {
  if (outcome !== null) return null;
  const judged = services.flatMap(({ service, stages }) =>
    stages.flatMap((stage) => stage.judged.map((one) => ({ service, stage: stage.number, ...one }))),
  );
  const last = judged.toSorted((a, b) => a.at - b.at).at(-1);
  if (last === undefined) return null;
  const { service, stage, at, judgement } = last;
  return `${service}, stage ${stage}: ${judgement.verdict}: ${judgement.sentence} (${clock.day(at)})`;
}

function ledgerPart({ events }: Story, checkpoint: ReportInput["checkpoint"]): readonly Part[] {
  const [first, last] = [events[0], events.at(-1)];
  if (first === undefined || last === undefined) return [];
  const range = `Events ${first.sequence} to ${last.sequence} of the ledger tell this deployment (versions ${first.version} to ${last.version} of ${first.stream}).`;
  const parts: Part[] = [
    { kind: "heading", level: 2, text: "Ledger" },
    {
      kind: "paragraph",
      text: `${range} "windlass ledger prove ${last.sequence}" makes a proof of one that is checked offline.`,
    },
  ];
  if (checkpoint === null) return parts;
  const caption = `The signed tree head when this report was made; it is checked with ${checkpoint.verifierKey}`;
  return [...parts, { kind: "verbatim", caption, text: checkpoint.note.trimEnd() }];
}

function isCompared({ services, cause }: Story): boolean {
  const judged = services.flatMap(({ stages }) => stages.flatMap((stage) => stage.judged));
  const all = [...judged.map(({ judgement }) => judgement), ...(cause?.judgement == null ? [] : [cause.judgement])];
  return all.some(({ signals }) => signals.some(({ comparison }) => comparison !== undefined));
}

function glossary(): readonly Part[] {
  return [
    { kind: "heading", level: 2, text: "How to read it" },
    {
      kind: "paragraph",
      text:
        "Evidence of 1 : 340 would come up in at most one of 340 rollouts if the opposite were true, however often one looks; " +
        "what is known of bursts in the traffic is taken off. Harm is decided when the new release is surely worse than stable " +
        "by more than the margin for failing, no harm when it is surely not worse by the margin for passing. " +
        "Until one of them is reached the verdict is inconclusive: that is an answer, too, and never a pass.",
    },
  ];
}

export function person(by: string): string {
  return by.replace(/^user:/, "");
}
