import type { Cause } from "../core/model/cause.js";
import type { EventRecord } from "../core/model/event.js";
import type { DeploymentKind, DeploymentOutcome, DomainEvent } from "../core/model/events.js";
import type { EnvironmentKey, GroupId } from "../core/model/intent.js";
import type { Judgement } from "../core/model/judgement.js";
import type { Revision } from "../core/model/revision.js";
import { type ServiceStory, serviceStories } from "./service-story.js";
import { WallClock } from "./wall-clock.js";

export interface RevisionFacts {
  readonly id: string;
  readonly label: string;
  readonly commit: string | null;
  /** Of the release. */
  readonly digest: string;
}

/** One deployment as the ledger tells it. Times are engine milliseconds; `clock` says what the wall clock said. */
export interface Story {
  readonly environment: EnvironmentKey;
  readonly id: string;
  readonly kind: DeploymentKind;
  readonly by: string;
  readonly reason: string | null;
  /** Without stages. */
  readonly fast: boolean;
  readonly from: RevisionFacts | null;
  readonly to: RevisionFacts;
  readonly requestedAt: number;
  readonly startedAt: number | null;
  readonly turnedAt: number | null;
  readonly endedAt: number | null;
  readonly outcome: DeploymentOutcome | null;
  readonly cause: Cause | null;
  readonly services: readonly ServiceStory[];
  /** Everything that happened to it, oldest first. */
  readonly events: readonly EventRecord[];
  readonly clock: WallClock;
  /** When the story was told: the end of one that is still open. */
  readonly now: number;
}

export interface Judged {
  readonly at: number;
  readonly judgement: Judgement;
}

/** The deployments that were asked for, oldest first. */
export function deploymentsAsked(events: readonly EventRecord[]): readonly string[] {
  return events.flatMap((record) => {
    const event = factOf(record);
    return event.type === "deployment.requested@1" ? [event.data.deployment] : [];
  });
}

/** Null: nobody asked for such a deployment. `events` are all of the environment; `now` is engine time. */
export function storyOf(
  environment: EnvironmentKey,
  events: readonly EventRecord[],
  deployment: string,
  now: number,
): Story | null {
  const revisions = new Map<string, Revision>();
  const asked = events.find((record) => isRequest(record, deployment));
  if (asked === undefined) return null;
  const request = factOf(asked);
  if (request.type !== "deployment.requested@1") return null;
  const own = ownEvents(events, deployment, asked);
  for (const record of events) {
    const event = factOf(record);
    if (event.type === "revision.registered@1") revisions.set(event.data.revision.id, event.data.revision);
  }
  const story = { startedAt: null, turnedAt: null, endedAt: null, outcome: null, cause: null, from: null } as Mutable;
  for (const record of own) {
    const event = factOf(record);
    if (event.type === "deployment.started@1") {
      story.startedAt = record.at;
      story.from = event.data.from === null ? null : factsOf(event.data.from, revisions);
    } else if (event.type === "deployment.turned@1") {
      story.turnedAt ??= record.at;
      story.cause ??= event.data.cause;
    } else if (event.type === "deployment.finished@1") {
      story.endedAt = record.at;
      story.outcome = event.data.outcome;
      story.cause ??= event.data.cause;
    } else if (event.type === "deployment.superseded@1") {
      story.endedAt = record.at;
      story.outcome = "superseded";
    }
  }
  const { to, kind, reason, fast } = request.data;
  const until = story.endedAt ?? now;
  return {
    environment,
    id: deployment,
    kind,
    by: asked.by,
    reason,
    fast,
    to: factsOf(to, revisions),
    requestedAt: asked.at,
    ...story,
    services: serviceStories(events, own, deployment, revisions.get(to) ?? null, story.turnedAt, until),
    events: own,
    clock: new WallClock(events),
    now,
  };
}

interface Mutable {
  startedAt: number | null;
  turnedAt: number | null;
  endedAt: number | null;
  outcome: DeploymentOutcome | null;
  cause: Cause | null;
  from: RevisionFacts | null;
}

/** From the request to the end, without what belongs to another deployment. */
function ownEvents(events: readonly EventRecord[], deployment: string, asked: EventRecord): readonly EventRecord[] {
  const isLast = (record: EventRecord) => deploymentOf(record) === deployment && ENDS.has(record.type);
  const last = events.find(isLast)?.version ?? Number.POSITIVE_INFINITY;
  return events.filter((record) => {
    if (record.version < asked.version) return false;
    const of = deploymentOf(record);
    return of === null ? record.version <= last && !BESIDE.has(record.type) : of === deployment;
  });
}

const ENDS: ReadonlySet<string> = new Set(["deployment.finished@1", "deployment.superseded@1"]);
const BESIDE: ReadonlySet<string> = new Set(["revision.registered@1"]);

function isRequest(record: EventRecord, deployment: string): boolean {
  return record.type === "deployment.requested@1" && deploymentOf(record) === deployment;
}

function deploymentOf(record: EventRecord): string | null {
  return (record.data as { readonly deployment?: string } | null)?.deployment ?? null;
}

/** Types that this version does not know match nothing. */
export function factOf(record: EventRecord): DomainEvent {
  return { type: record.type, data: record.data } as DomainEvent;
}

function factsOf(id: GroupId, revisions: ReadonlyMap<string, Revision>): RevisionFacts {
  const release = revisions.get(id)?.release;
  return { id, label: release?.label ?? id, commit: release?.commit ?? null, digest: release?.digest ?? "" };
}
