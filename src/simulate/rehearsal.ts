import { WindlassError } from "../error.js";
import type { CompiledEnvironment, CompiledService } from "../spec/compiled.js";
import { partOf } from "./part.js";
import { PastHours } from "./past-hours.js";
import { seedOf } from "./random.js";
import { Requests, type TrafficOptions } from "./requests.js";
import { type Fact, type StageReport, stagesFrom } from "./stage.js";
import { RehearsedWorld } from "./world.js";

export interface RehearsalOptions {
  readonly environment: CompiledEnvironment;
  readonly service: string;
  readonly traffic: TrafficOptions;
  readonly seed: number;
  /** Of what came before; the same as `seed` unless given. */
  readonly historySeed?: number;
  /** How long the current release ran well before; an hour unless given. */
  readonly historyMs?: number;
  /** A rollout that takes longer is left open; two days unless given. */
  readonly longestMs?: number;
}

export interface RehearsalResult {
  /** `held`: it waits for a person, without a verdict. `open`: it takes longer than it was given. */
  readonly outcome: "succeeded" | "hauled-back" | "held" | "open";
  readonly stages: readonly StageReport[];
  /** What turned it back; `afterMs` counts from the first request to the new release, `stage` from 0. */
  readonly turned: {
    readonly stage: number;
    readonly afterMs: number;
    readonly kind: "verdict" | "too-little-data" | "other";
    readonly signals: readonly string[];
  } | null;
  /** To the new release, until none reached it any more; `harmed` are those that were bad because it is new. */
  readonly requests: number;
  readonly harmed: number;
  /** From the request to deploy to the end. */
  readonly totalMs: number;
  readonly simulatedSeconds: number;
}

const HOUR_MS = 3_600_000;
const FIRST_DEPLOYMENT_S = 600;

/**
 * One rollout of one service, told in seconds: the engine and its analysis as they are, on the model target, with a
 * ledger in memory and a clock that jumps. The same options give the same result on every machine, with `past` (what earlier
 * rehearsals of the same service and conditions left) or without. Throws `service-unknown`, `cli-simulate-worker`.
 */
export async function rehearse(options: RehearsalOptions, past = new PastHours()): Promise<RehearsalResult> {
  const { seed, historySeed = seed, historyMs = HOUR_MS, longestMs = 48 * HOUR_MS } = options;
  const service = serviceIn(options);
  const requests = new Requests(options.traffic, historySeed);
  const world = await RehearsedWorld.open(partOf(options.environment, service), service.name, requests);
  await settle(world);
  const known = past.of(historySeed);
  if (known === null) await world.passTime(historyMs);
  else world.skipTime(historyMs, known);
  const begun = { at: world.second, events: world.events };
  await world.deploy("new", false);
  if (known === null) past.keep(historySeed, world.states);
  requests.begin(seedOf(seed, 1));
  const outcome = await perform(world, service, begun.at + longestMs);
  const facts = world.factsSince(begun.events);
  const stages = stagesFrom(facts, service.name, world.now, outcome === "held");
  return {
    outcome,
    stages,
    turned: turnedIn(facts, stages),
    requests: requests.answered,
    harmed: requests.harmed,
    totalMs: world.second - begun.at,
    simulatedSeconds: world.elapsedMs / 1000,
  };
}

function serviceIn({ environment, service: name }: RehearsalOptions): CompiledService {
  const service = environment.services[name];
  if (service === undefined) throw new WindlassError("service-unknown", `${environment.name} has no service ${name}`);
  if (service.listen === null)
    throw new WindlassError("cli-simulate-worker", `${name} answers no requests: there is nothing to count`, {
      hint: "only services with a port can be rehearsed",
    });
  return service;
}

/** The current release, at once. */
async function settle(world: RehearsedWorld): Promise<void> {
  await world.deploy("current", true);
  for (let second = 0; world.state.deployment?.outcome == null; second++) {
    if (second > FIRST_DEPLOYMENT_S) throw world.bug("the current release did not settle");
    await world.nextSecond();
  }
  if (world.state.deployment.outcome !== "succeeded") throw world.bug("the current release did not run");
}

/** The new release, until it succeeded, no request reaches it any more, or a person is needed. */
async function perform(
  world: RehearsedWorld,
  service: CompiledService,
  until: number,
): Promise<RehearsalResult["outcome"]> {
  for (;;) {
    await world.nextSecond();
    const { deployment, services } = world.state;
    if (deployment !== null && deployment.outcome !== null)
      return deployment.outcome === "succeeded" ? "succeeded" : "hauled-back";
    const progression = services[service.name]?.rollout?.progression;
    const stage = progression?.stages[progression.stage];
    const since = progression?.observingSince ?? null;
    const holds = service.onTooLittleData === "hold" && deployment?.cause === null && since !== null;
    if (holds && stage !== undefined && world.now > since + Math.max(stage.minMs, stage.maxMs) + 1000) return "held";
    if (world.second > until) return "open";
  }
}

function turnedIn(facts: readonly Fact[], stages: readonly StageReport[]): RehearsalResult["turned"] {
  let to: string | null = null;
  let since: number | null = null;
  for (const { at, event } of facts) {
    if (event.type === "deployment.started@1") to = event.data.steps[0]?.to ?? null;
    if (event.type === "rollout.shaped@1" && (event.data.weights[to ?? ""] ?? 0) > 0) since ??= at;
    if (event.type !== "deployment.turned@1") continue;
    const { kind, judgement } = event.data.cause;
    return {
      stage: Math.max(0, stages.length - 1),
      afterMs: at - (since ?? at),
      kind: kind === "verdict" || kind === "too-little-data" ? kind : "other",
      signals: judgement?.signals.filter(({ verdict }) => verdict === "fail").map(({ signal }) => signal) ?? [],
    };
  }
  return null;
}
