import { emptyEnvironment } from "../core/deployment/evolve.js";
import { Replay } from "../core/deployment/replay.js";
import type { Cause } from "../core/model/cause.js";
import type { KnownRecord } from "../core/model/event.js";
import type { DeploymentKind, DeploymentOutcome } from "../core/model/events.js";
import type { EnvironmentKey, GroupId } from "../core/model/intent.js";
import type { Judgement } from "../core/model/judgement.js";
import type { Revision } from "../core/model/revision.js";
import type { EnvironmentState } from "../core/model/state.js";
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
  readonly events: readonly KnownRecord[];
  readonly clock: WallClock;
  /** When the story was told: the end of one that is still open. */
  readonly now: number;
}

export interface Judged {
  readonly at: number;
  readonly judgement: Judgement;
}

/** The deployments that were asked for, oldest first. */
export function deploymentsAsked(events: readonly KnownRecord[]): readonly string[] {
  return events.flatMap((event) => (event.type === "deployment.requested@1" ? [event.data.deployment] : []));
}

/** Null: nobody asked for such a deployment. `events` are all of the environment; `now` is engine time. */
export function storyOf(
  environment: EnvironmentKey,
  events: readonly KnownRecord[],
  deployment: string,
  now: number,
): Story | null {
  const revisions = new Map<string, Revision>();
  const asked = events.find((event) => event.type === "deployment.requested@1" && event.data.deployment === deployment);
  if (asked?.type !== "deployment.requested@1") return null;
  const own = ownEvents(events, deployment, asked);
  for (const event of events)
    if (event.type === "revision.registered@1") revisions.set(event.data.revision.id, event.data.revision);
  const story = { startedAt: null, turnedAt: null, endedAt: null, outcome: null, cause: null, from: null } as Mutable;
  for (const event of own) {
    if (event.type === "deployment.started@1") {
      story.startedAt = event.at;
      story.from = event.data.from === null ? null : factsOf(event.data.from, revisions);
    } else if (event.type === "deployment.turned@1") {
      story.turnedAt ??= event.at;
      story.cause ??= event.data.cause;
    } else if (event.type === "deployment.finished@1") {
      story.endedAt = event.at;
      story.outcome = event.data.outcome;
      story.cause ??= event.data.cause;
    } else if (event.type === "deployment.superseded@1") {
      story.endedAt = event.at;
      story.outcome = "superseded";
    }
  }
  const { to, kind, reason, fast } = asked.data;
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
    services: serviceStories(
      stateBefore(environment, events, own),
      own,
      revisions.get(to) ?? null,
      story.turnedAt,
      until,
    ),
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

/** The environment as the deployment found it when it started. */
function stateBefore(
  environment: EnvironmentKey,
  events: readonly KnownRecord[],
  own: readonly KnownRecord[],
): EnvironmentState {
  const start = own.find(({ type }) => type === "deployment.started@1")?.version ?? Number.POSITIVE_INFINITY;
  const replay = new Replay(emptyEnvironment(environment));
  for (const event of events) if (event.version < start) replay.add(event);
  return replay.end();
}

/** From the request to the end, without what belongs to another deployment. */
function ownEvents(events: readonly KnownRecord[], deployment: string, asked: KnownRecord): readonly KnownRecord[] {
  const isLast = (record: KnownRecord) => deploymentOf(record) === deployment && ENDS.has(record.type);
  const last = events.find(isLast)?.version ?? Number.POSITIVE_INFINITY;
  return events.filter((record) => {
    if (record.version < asked.version) return false;
    const of = deploymentOf(record);
    return of === null ? record.version <= last && !BESIDE.has(record.type) : of === deployment;
  });
}

const ENDS: ReadonlySet<string> = new Set(["deployment.finished@1", "deployment.superseded@1"]);
const BESIDE: ReadonlySet<string> = new Set(["revision.registered@1"]);

function deploymentOf(record: KnownRecord): string | null {
  return "deployment" in record.data ? record.data.deployment : null;
}

function factsOf(id: GroupId, revisions: ReadonlyMap<string, Revision>): RevisionFacts {
  const release = revisions.get(id)?.release;
  return { id, label: release?.label ?? id, commit: release?.commit ?? null, digest: release?.digest ?? "" };
}
