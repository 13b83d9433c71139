import type { EventRecord } from "../../core/model/event.js";
import type { DomainEvent } from "../../core/model/events.js";
import type { Judgement } from "../../core/model/judgement.js";
import { believed, deciding, neededOdds, odds } from "../../report/words.js";
import { duration, plural } from "./text.js";

/** What a sentence may need beside its event. */
export interface Names {
  /** `1.2.0-abc1234 (r4)` for `r4`. */
  revision(id: string): string;
  /** `1.2.0-abc1234` for `r4`. */
  label(id: string): string;
}

type Tell = { readonly [T in DomainEvent["type"]]: (data: DataOf<T>, names: Names, by: string) => string };
type DataOf<T extends DomainEvent["type"]> = Extract<DomainEvent, { readonly type: T }>["data"];

const because = (reason: string | null) => (reason === null ? "" : `: ${reason}`);

/** The evidence of what decided, where it was compared: ` [1 : 340; 1 : 110 decides]`. */
function proofOf({ verdict, signals }: Judgement): string {
  if (verdict !== "fail" && verdict !== "pass") return "";
  const proofs = signals.flatMap(({ verdict: one, comparison }) =>
    one !== verdict || comparison === undefined
      ? []
      : [`${odds(believed(comparison, verdict))}; ${neededOdds(deciding(comparison, verdict))} decides`],
  );
  return proofs.length === 0 ? "" : ` [${proofs.join(", ")}]`;
}

/** Every event as one sentence, past tense, for the terminal, the pipe and the history. */
const TELL: Tell = {
  "engine.started@1": ({ version }) => `the control plane ${version} started`,
  "configuration.changed@1": ({ secrets }) =>
    `secret ${secrets.join(", ")} changed; the next deployment starts replicas that have it`,
  "clock.jumped@1": ({ byMs }) =>
    `the wall clock jumped ${byMs < 0 ? "back" : "ahead"} by ${duration(Math.abs(byMs))}; no observation time is shortened`,
  "revision.registered@1": ({ revision }) => `${revision.release.label} is revision ${revision.id}`,
  "deployment.requested@1": ({ deployment, to, kind, reason, fast }, names, by) =>
    `${deployment}: ${by} asked for ${kind === "rollback" ? "a rollback to " : ""}${names.revision(to)}${fast ? ", without stages" : ""}${because(reason)}`,
  "deployment.started@1": ({ deployment, from, to, steps }, names) => {
    const moving = steps.filter((step) => step.action === "roll-out").map((step) => step.service);
    const removed = steps.filter((step) => step.action === "remove").map((step) => step.service);
    const what = [
      ...(moving.length === 0 ? [] : [`rolls out ${moving.join(", ")}`]),
      ...(removed.length === 0 ? [] : [`removes ${removed.join(", ")}`]),
    ];
    const path =
      from === null ? `the first one, ${names.revision(to)}` : `${names.revision(from)} to ${names.revision(to)}`;
    return `${deployment} started: ${path}; ${what.length === 0 ? "no service changes" : what.join("; ")}`;
  },
  "deployment.superseded@1": ({ deployment, by }) => `${deployment} does not start: ${by} replaces it`,
  "deployment.paused@1": ({ deployment, reason }, _names, by) => `${deployment} paused by ${by}${because(reason)}`,
  "deployment.resumed@1": ({ deployment }, _names, by) => `${deployment} resumed by ${by}`,
  "deployment.advanced@1": ({ deployment, full }, _names, by) =>
    `${deployment} advanced ${full ? "to its end" : "to the next stage"} by ${by}`,
  "deployment.turned@1": ({ deployment, cause }) =>
    `${deployment} turns back: ${cause.service === null ? "" : `${cause.service}: `}${cause.sentence}`,
  "deployment.finished@1": ({ deployment, outcome, cause }) =>
    outcome === "succeeded"
      ? `${deployment} succeeded: what runs is what was asked for`
      : `${deployment} ${outcome === "rolled-back" ? "is rolled back" : outcome === "failed" ? "failed" : "was superseded"}${because(cause?.sentence ?? null)}`,
  "rollout.started@1": ({ service }) => `${service}: its rollout started`,
  "rollout.shaped@1": ({ because: why, groups, weights }, names) => {
    const labels = Object.keys(groups).map((group) => names.label(group));
    const name = (group: string) =>
      labels.filter((label) => label === names.label(group)).length > 1 ? names.revision(group) : names.label(group);
    const parts = Object.entries(groups).map(([group, replicas]) => {
      const weight = weights[group];
      return `${name(group)} ${plural(replicas, "replica")}${weight === undefined ? "" : ` and ${weight} %`}`;
    });
    return `${why}: ${parts.join(", ")}`;
  },
  "stage.entered@1": ({ service, stage, of, share }) => `${service}: stage ${stage + 1} of ${of}, ${share} %`,
  "stage.observing@1": ({ service, stage }) => `${service}: stage ${stage + 1} is in force and observed`,
  "stage.judged@1": ({ service, stage, judgement }) =>
    `${service}: stage ${stage + 1}: ${judgement.verdict}: ${judgement.sentence}${proofOf(judgement)}`,
  "smoke.requested@1": ({ service }) => `${service}: smoke checks on the new group`,
  "smoke.finished@1": ({ service, passed, detail }) =>
    `${service}: smoke checks ${passed ? "passed" : "failed"}${detail === "" ? "" : `: ${detail}`}`,
  "rollout.arrived@1": ({ service }) => `${service}: the new group has all the traffic`,
  "rollout.returned@1": ({ service, clean }) =>
    clean ? `${service}: back on the old group` : `${service}: back, but the old group is not ready`,
  "group.removed@1": ({ service, group, because: why }) => `${service}: group ${group} removed (${why})`,
  "hold.placed@1": ({ revision, reason }, names, by) => `${names.revision(revision)} held by ${by}: ${reason}`,
  "hold.lifted@1": ({ revision, reason }, names, by) =>
    `${names.revision(revision)} no longer held, by ${by}${because(reason)}`,
  "service.scaled@1": ({ service, replicas }, _names, by) =>
    `${service} scaled to ${plural(replicas, "replica")} by ${by}`,
  "environment.stopped@1": ({ reason }, _names, by) => `stopped by ${by}${because(reason)}; data of resources is kept`,
};

/** One sentence, or the type alone for an event of a newer Windlass. */
export function sentenceOf(event: EventRecord, names: Names): string {
  const tell = (TELL as Readonly<Record<string, (data: never, names: Names, by: string) => string>>)[event.type];
  return tell === undefined ? event.type : tell(event.data as never, names, event.by.replace(/^user:/, ""));
}

/** Events whose sentence says too little for somebody who watches: the block or the next event says it. */
export const QUIET: ReadonlySet<string> = new Set(["engine.started@1", "revision.registered@1", "rollout.started@1"]);

/** Learns labels from events and views. */
export class RevisionNames implements Names {
  readonly #labels = new Map<string, string>();

  learn(id: string, label: string): void {
    this.#labels.set(id, label);
  }

  learnFrom(event: EventRecord): void {
    if (event.type !== "revision.registered@1") return;
    const { revision } = event.data as DataOf<"revision.registered@1">;
    this.learn(revision.id, revision.release.label);
  }

  label(id: string): string {
    return this.#labels.get(id) ?? id;
  }

  revision(id: string): string {
    const label = this.#labels.get(id);
    return label === undefined ? id : `${label} (${id})`;
  }
}
