import type { Readable } from "node:stream";
import type { CommandOutcome } from "../../src/core/deployment/outcome.js";
import type { CommandEnvelope } from "../../src/core/model/command.js";
import type { EventRecord } from "../../src/core/model/event.js";
import type { Intent } from "../../src/core/model/intent.js";
import type { Block } from "../../src/core/model/judgement.js";
import type { Release } from "../../src/core/model/revision.js";
import type { ControlPlane, Finding, LedgerVerdict, SeriesRange, Update } from "../../src/engine/control-plane.js";
import type { EnvironmentView, RollbackPreview } from "../../src/engine/view.js";
import { WindlassError } from "../../src/error.js";
import type { Plan } from "../../src/plan/plan.js";
import type { LogLine, LogQuery } from "../../src/ports/target.js";

/** A control plane that answers what a test put into it and remembers what it was asked. */
export class FakePlane implements ControlPlane {
  views: EnvironmentView[] = [];
  updates: Update[] = [];
  events: EventRecord[] = [];
  lines: LogLine[] = [];
  blocks: Block[] = [];
  findings: Finding[] = [];
  outcome: CommandOutcome = { kind: "accepted", events: [], deployment: "d2", note: "noted" };
  planned: Plan | null = null;
  preview: RollbackPreview | null = null;
  intents: Record<string, Intent> = {};
  verdict: LedgerVerdict = { ok: true, events: 3, findings: [], checkpoint: noteOf(3) };
  note = noteOf(3);
  version = "0.1.0";
  /** Breaks the first follow after so many updates, as a control plane that is killed does. */
  breakAfter: number | null = null;

  readonly commands: { environment: string; envelope: CommandEnvelope }[] = [];
  readonly uploads = new Map<string, number>();
  readonly releases: Release[] = [];
  readonly followedSince: number[] = [];
  readonly verifiedAgainst: (string | null)[] = [];
  readonly queries: LogQuery[] = [];
  readonly secrets: { environment: string; values: Readonly<Record<string, string | null>> }[] = [];

  async about() {
    return { version: this.version, protocol: 1, pid: 4711, home: "/home/ada/.local/state/windlass" };
  }

  async environments() {
    return this.views;
  }

  async environment(key: string) {
    const found = this.views.find((view) => view.environment === key);
    if (found === undefined) throw new WindlassError("environment-unknown", `no environment ${key}`);
    return found;
  }

  async intent(key: string): Promise<Intent> {
    const found = this.intents[key];
    if (found === undefined) throw new WindlassError("environment-unknown", `no environment ${key}`);
    return found;
  }

  async command(environment: string, envelope: CommandEnvelope) {
    this.commands.push({ environment, envelope });
    return this.outcome;
  }

  async plan(environment: string, release: Release): Promise<Plan> {
    this.releases.push(release);
    const empty = { from: null, services: [], resources: [], obstacles: [], changes: true };
    return this.planned ?? { ...empty, environment, to: { label: release.label, digest: release.digest } };
  }

  async previewRollback(): Promise<RollbackPreview> {
    if (this.preview === null) throw new WindlassError("nothing-before", "nothing ran here before");
    return this.preview;
  }

  async history(_environment: string, version: number, limit: number) {
    return this.events.filter((event) => event.version > version).slice(0, limit);
  }

  async *follow(_environment: string, version: number, signal: AbortSignal): AsyncGenerator<Update> {
    this.followedSince.push(version);
    const breaksAt = this.breakAfter;
    this.breakAfter = null;
    for (const [index, update] of this.updates.entries()) {
      if (index === breaksAt) throw new WindlassError("control-plane-unreachable", "nobody listens", { retry: "safe" });
      if (signal.aborted) return;
      if (update.kind === "event" && update.event.version <= version) continue;
      yield update;
    }
    // Nothing more happens: the stream stays open until the reader leaves.
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener("abort", () => resolve());
    });
  }

  async series(_environment: string, { from, to }: SeriesRange) {
    return this.blocks.filter((block) => block.at >= from && block.at < to);
  }

  async *logs(_environment: string, query: LogQuery): AsyncGenerator<LogLine> {
    this.queries.push(query);
    yield* this.lines;
  }

  async putSecrets(environment: string, values: Readonly<Record<string, string | null>>) {
    this.secrets.push({ environment, values });
  }

  async hasArtefact(digest: string) {
    return this.uploads.has(digest);
  }

  async putArtefact(digest: string, stream: Readable) {
    let bytes = 0;
    for await (const chunk of stream) bytes += (chunk as Buffer).length;
    this.uploads.set(digest, bytes);
  }

  async doctor() {
    return this.findings;
  }

  async stop() {
    this.version = "stopped";
  }

  readonly ledger = {
    verify: async (pinned: string | null) => {
      this.verifiedAgainst.push(pinned);
      return this.verdict;
    },
    prove: async (sequence: number) => ({ sequence, path: ["aa", "bb"] }),
    checkpoint: async () => ({ note: this.note, verifierKey: "windlass+abc+key" }),
    export: () => records(this.events),
    backup: async (path: string) => ({ path, events: this.events.length, note: this.note }),
  };
}

async function* records(events: readonly EventRecord[]) {
  yield* events;
}

export function noteOf(size: number, root = "root"): string {
  return `windlass/test\n${size}\n${root}\n\n— windlass/test signature\n`;
}
