import type { Readable } from "node:stream";
import { desired as intentOf } from "../core/deployment/desired.js";
import { emptyEnvironment } from "../core/deployment/evolve.js";
import type { CommandOutcome } from "../core/deployment/outcome.js";
import type { CommandEnvelope } from "../core/model/command.js";
import type { EventRecord } from "../core/model/event.js";
import type { EnvironmentKey, Intent } from "../core/model/intent.js";
import type { Block } from "../core/model/judgement.js";
import type { Release } from "../core/model/revision.js";
import { WindlassError } from "../error.js";
import { planDeployment } from "../plan/deployment.js";
import { missingSecrets } from "../plan/missing-secrets.js";
import type { Plan } from "../plan/plan.js";
import type { ArtefactStore } from "../ports/artefact-store.js";
import type { Clock } from "../ports/clock.js";
import type { LedgerStore } from "../ports/ledger-store.js";
import type { Resolution, SeriesStore } from "../ports/series-store.js";
import type { LogLine, LogQuery, Target } from "../ports/target.js";
import type { CompiledEnvironment } from "../spec/compiled.js";
import { nearest } from "../spec/nearest.js";
import { Channel } from "./channel.js";
import {
  type About,
  type ControlPlane,
  type Finding,
  type LedgerDesk,
  SERIES_SPAN,
  type SeriesRange,
  type Update,
} from "./control-plane.js";
import type { Driver } from "./driver.js";
import type { Engine } from "./engine.js";
import { previewRollback } from "./preview.js";
import type { EnvironmentView, RollbackPreview } from "./view.js";
import { viewOf } from "./views.js";

export interface PlaneParts {
  readonly engine: Engine;
  readonly store: LedgerStore;
  readonly series: SeriesStore;
  readonly target: Target;
  readonly artefacts: ArtefactStore;
  readonly clock: Clock;
  readonly about: About;
  readonly ledger: LedgerDesk;
  readonly secrets: (environment: EnvironmentKey, values: Readonly<Record<string, string | null>>) => Promise<void>;
  /** Whether a secret has a value there; the value itself is the target's alone. */
  readonly hasSecret: (environment: EnvironmentKey, name: string) => boolean;
  readonly doctor: () => Promise<readonly Finding[]>;
  readonly stop: ControlPlane["stop"];
}

/** Past this a slow reader misses views, a later one says more; events only when no view is left, and the API then ends the stream as a gap. */
const MAX_QUEUED = 2_000;

const WIDTH: Readonly<Record<Resolution, number>> = { second: 1_000, minute: 60_000, hour: 3_600_000 };

/** The control plane in its own process. */
export class LocalControlPlane implements ControlPlane {
  readonly ledger: LedgerDesk;

  constructor(private readonly parts: PlaneParts) {
    this.ledger = parts.ledger;
  }

  async about(): Promise<About> {
    return this.parts.about;
  }

  async environments(): Promise<readonly EnvironmentView[]> {
    const now = this.parts.clock.now();
    return this.parts.engine.drivers().map((driver) => viewOf(driver, now));
  }

  async environment(key: EnvironmentKey): Promise<EnvironmentView> {
    return viewOf(this.#driver(key), this.parts.clock.now());
  }

  async intent(key: EnvironmentKey): Promise<Intent> {
    return intentOf(this.#driver(key).state);
  }

  /** A deploy is accepted only when every artefact that it names is here. */
  async command(key: EnvironmentKey, envelope: CommandEnvelope): Promise<CommandOutcome> {
    if (envelope.command.kind === "deploy") await this.#requireArtefacts(envelope.command.release);
    return this.parts.engine.command(key, envelope);
  }

  async plan(key: EnvironmentKey, release: Release, desired: CompiledEnvironment): Promise<Plan> {
    const state = this.parts.engine.driver(key)?.state ?? emptyEnvironment(key);
    const plan = planDeployment(state, release, desired);
    const warnings = missingSecrets({ environment: key, desired }, (name) => this.parts.hasSecret(key, name));
    return warnings.length === 0 ? plan : { ...plan, warnings };
  }

  async previewRollback(key: EnvironmentKey, to: string | null): Promise<RollbackPreview> {
    return previewRollback(this.#driver(key).state, to);
  }

  async history(key: EnvironmentKey, version: number, limit: number): Promise<readonly EventRecord[]> {
    this.#driver(key);
    return this.parts.engine.history(key, version, limit);
  }

  async *follow(key: EnvironmentKey, version: number, signal: AbortSignal): AsyncIterable<Update> {
    const driver = this.#driver(key);
    const channel = new Channel<Update>(MAX_QUEUED, (update) => update.kind === "view");
    const unsubscribe = this.parts.store.subscribe((events) => {
      for (const event of events) if (event.stream === key) channel.push({ kind: "event", event });
    });
    const unwatch = this.parts.engine.watch((changed) => {
      if (changed === key) channel.push({ kind: "view", view: viewOf(driver, this.parts.clock.now()) });
    });
    const end = () => channel.end();
    signal.addEventListener("abort", end, { once: true });
    try {
      let seen = version;
      for (const event of await this.parts.engine.history(key, version, Number.MAX_SAFE_INTEGER)) {
        seen = event.version;
        yield { kind: "event", event };
      }
      yield { kind: "view", view: viewOf(driver, this.parts.clock.now()) };
      for await (const update of channel) {
        if (signal.aborted) return;
        if (update.kind === "event" && update.event.version <= seen) continue;
        if (update.kind === "event") seen = update.event.version;
        yield update;
      }
    } finally {
      unsubscribe();
      unwatch();
      signal.removeEventListener("abort", end);
    }
  }

  async series(key: EnvironmentKey, range: SeriesRange): Promise<readonly Block[]> {
    const { revisions } = this.#driver(key).state;
    const services = Object.values(revisions).flatMap(({ environment }) => Object.keys(environment.services));
    if (!services.includes(range.service)) throw unknown("service", range.service, [...new Set(services)]);
    if (range.to - range.from > SERIES_SPAN * WIDTH[range.resolution])
      throw new WindlassError(
        "series-range-too-long",
        `more than ${SERIES_SPAN} ${range.resolution}s are asked for at once`,
        {
          hint: "ask for a part after the other, or for a coarser resolution",
        },
      );
    return this.parts.series.read({ environment: key, ...range });
  }

  logs(key: EnvironmentKey, query: LogQuery, signal: AbortSignal): AsyncIterable<LogLine> {
    const { state } = this.#driver(key);
    if (query.service !== null && state.services[query.service] === undefined)
      throw unknown("service", query.service, Object.keys(state.services));
    return this.parts.target.logs(key, query, signal);
  }

  /** In the ledger by name first. Before the first deployment there is nothing that a change could differ from. */
  async putSecrets(key: EnvironmentKey, values: Readonly<Record<string, string | null>>): Promise<void> {
    const driver = this.parts.engine.driver(key);
    const secrets = Object.keys(values).sort();
    if (driver !== null && driver.state.version > 0)
      await driver.record([{ type: "configuration.changed@1", data: { secrets } }], "api");
    await this.parts.secrets(key, values);
  }

  hasArtefact(digest: string): Promise<boolean> {
    return this.parts.artefacts.has(digest);
  }

  putArtefact(digest: string, bytes: Readable): Promise<void> {
    return this.parts.artefacts.put(digest, bytes);
  }

  doctor(): Promise<readonly Finding[]> {
    return this.parts.doctor();
  }

  stop(options: { readonly everything: boolean }): Promise<void> {
    return this.parts.stop(options);
  }

  #driver(key: EnvironmentKey): Driver {
    const driver = this.parts.engine.driver(key);
    if (driver === null || driver.state.version === 0)
      throw unknown(
        "environment",
        key,
        this.parts.engine.drivers().map((known) => known.key),
      );
    return driver;
  }

  async #requireArtefacts(release: Release): Promise<void> {
    for (const [service, digest] of Object.entries(release.artefacts)) {
      if (await this.parts.artefacts.has(digest)) continue;
      throw new WindlassError("artefact-missing", `the artefact of ${service} (${digest}) was not uploaded`, {
        hint: "upload it first; `windlass deploy` does",
        retry: "safe",
      });
    }
  }
}

function unknown(noun: string, asked: string, known: readonly string[]): WindlassError {
  const close = nearest(asked, known);
  const list = known.length === 0 ? `there is no ${noun} yet` : `known: ${known.slice(0, 8).join(", ")}`;
  return new WindlassError(`${noun}-unknown`, `there is no ${noun} ${asked}`, {
    hint: close === null || close === undefined ? list : `did you mean ${close}?`,
  });
}
