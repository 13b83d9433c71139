import type { Block, SignalCounts, SignalJudgement } from "../core/model/judgement.js";
import type { Counted, Course, Point } from "./course.js";
import type { Table } from "./document.js";
import type { ServiceStory } from "./service-story.js";
import type { Story } from "./story.js";
import { believed, deciding, discountOf, interval, neededOdds, odds, percent, rateOf, span, whole } from "./words.js";

/** Rows of a table that nobody would read to its end. */
const MAX_ROWS = 24;

export function stagesTable({ clock }: Story, { service, stages }: ServiceStory): Table {
  return {
    kind: "table",
    caption: `Stages of ${service}, times in UTC`,
    head: ["stage", "share", "begun", "in force", "lasted", "verdict"],
    rows: stages.map(({ number, of, share, enteredAt, observedAt, until, judged }) => [
      `${number} of ${of}`,
      `${share} %`,
      clock.time(enteredAt),
      observedAt === null ? "never" : clock.time(observedAt),
      span(until - enteredAt),
      judged.at(-1)?.judgement.verdict ?? "",
    ]),
  };
}

/** Each verdict with the numbers that decided, as the ledger has them. Null: nothing was judged. */
export function verdictsTable(story: Story, service: ServiceStory): Table | null {
  const judged = service.stages.flatMap(({ number, judged: of }) =>
    of.map(({ at, judgement }) => ({ at, where: `stage ${number}`, judgement })),
  );
  const { cause, turnedAt } = story;
  const isKnown = judged.some(({ judgement }) => judgement.sentence === cause?.judgement?.sentence);
  if (cause?.judgement != null && cause.service === service.service && turnedAt !== null && !isKnown)
    judged.push({ at: turnedAt, where: "turned back", judgement: cause.judgement });
  if (judged.length === 0) return null;
  return {
    kind: "table",
    caption: `Verdicts on ${service.service} and what they rest on, as the ledger has them`,
    head: ["time", "signal", "verdict", "new", "stable", "evidence of harm", "of no harm", "what was found"],
    rows: judged.flatMap(({ at, where, judgement }) => {
      const time = `${story.clock.time(at)}, ${where}`;
      if (judgement.signals.length === 0) return [[time, "", judgement.verdict, "", "", "", "", judgement.sentence]];
      return judgement.signals.map((signal) => [
        time,
        signal.signal,
        signal.verdict,
        ...evidenceCells(signal),
        foundText(signal),
      ]);
    }),
  };
}

function evidenceCells({ canary, stable, comparison }: SignalJudgement): readonly string[] {
  if (comparison === undefined) return [counts(canary), stable === null ? "" : counts(stable), "", ""];
  const { rates } = comparison;
  const test = (which: "fail" | "pass") =>
    `${odds(believed(comparison, which))} (${neededOdds(deciding(comparison, which))} decides)`;
  return [
    `${counts(canary)} (${interval(rates.canary)})`,
    stable === null || rates.stable === null ? "" : `${counts(stable)} (${interval(rates.stable)})`,
    test("fail"),
    test("pass"),
  ];
}

/** The sentence, what was left out of it, and what it would take. */
function foundText({ sentence, comparison }: SignalJudgement): string {
  if (comparison === undefined) return sentence;
  const { warmUp, outlook } = comparison;
  const discount = discountOf(comparison);
  return [
    sentence,
    ...(warmUp.requests === 0 ? [] : [`${whole(warmUp.requests)} requests of the first ${span(warmUp.ms)} left out`]),
    ...(discount === null ? [] : [`${discount} requests count as one: traffic bursts, or is little known yet`]),
    ...(outlook === "decided" || outlook === "" ? [] : [outlook]),
  ].join("; ");
}

/** Per group, from the start of the deployment to its end. Null: no request is known. */
export function requestsTable(story: Story, { service, stable, canary }: ServiceStory, counted: Counted): Table | null {
  const from = story.startedAt ?? story.requestedAt;
  const to = story.endedAt ?? story.now;
  const during = counted.blocks.filter(({ at }) => at + counted.blockMs > from && at < to);
  const groups = [...new Set(during.map(({ group }) => group))];
  const rows = groups.map((group) => ({ group, sum: sumOf(during.filter((block) => block.group === group)) }));
  const busy = rows.filter(({ sum }) => sum.total > 0);
  if (busy.length === 0) return null;
  const name = (group: string) =>
    group === canary ? `new (${group})` : group === stable ? `stable (${group})` : group;
  return {
    kind: "table",
    caption: `Requests to ${service} during the deployment`,
    head: ["group", "requests", "failed", "slow", "restarts"],
    rows: busy.map(({ group, sum }) => [
      name(group),
      whole(sum.total),
      `${whole(sum.errors)} (${percent(rateOf({ bad: sum.errors, total: sum.total }))})`,
      `${whole(sum.slow)} (${percent(rateOf({ bad: sum.slow, total: sum.total }))})`,
      whole(sum.restarts),
    ]),
  };
}

function sumOf(blocks: readonly Block[]): Pick<Block, "total" | "errors" | "slow" | "restarts"> {
  const sum = { total: 0, errors: 0, slow: 0, restarts: 0 };
  for (const block of blocks) {
    sum.total += block.total;
    sum.errors += block.errors;
    sum.slow += block.slow;
    sum.restarts += block.restarts;
  }
  return sum;
}

/** The numbers of a chart, at moments evenly apart, the last one among them. */
export function courseTable({ clock }: Story, { signal, service, points }: Course): Table {
  return {
    kind: "table",
    caption: `${service}, ${signal}: the numbers of the chart, times in UTC`,
    head: ["time", "new", "interval", "stable", "interval", "evidence of harm", "of no harm", "verdict"],
    rows: evenly(points).map(({ at, canary, stable, comparison, verdict }) => [
      clock.time(at),
      counts(canary),
      interval(comparison.rates.canary),
      stable === null ? "" : counts(stable),
      comparison.rates.stable === null ? "" : interval(comparison.rates.stable),
      odds(believed(comparison, "fail")),
      odds(believed(comparison, "pass")),
      verdict,
    ]),
  };
}

function evenly(points: readonly Point[]): readonly Point[] {
  const step = Math.max(1, Math.ceil(points.length / MAX_ROWS));
  return points.filter((_, index) => (points.length - 1 - index) % step === 0);
}

function counts({ bad, total }: SignalCounts): string {
  return `${whole(bad)} of ${whole(total)}, ${percent(rateOf({ bad, total }))}`;
}
