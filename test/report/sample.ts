import { RevisionNames, sentenceOf } from "../../src/cli/render/sentences.js";
import { RolloutAnalysis } from "../../src/core/analysis/rollout.js";
import type { KnownRecord } from "../../src/core/model/event.js";
import type { DomainEvent } from "../../src/core/model/events.js";
import type { Block, Judgement } from "../../src/core/model/judgement.js";
import type { Revision } from "../../src/core/model/revision.js";
import type { ReportInput } from "../../src/report/report.js";
import { storyOf } from "../../src/report/story.js";
import { Random } from "../../src/simulate/random.js";
import type { CompiledAnalysis, CompiledService } from "../../src/spec/compiled.js";
import { environment, release, service } from "../simulation/system.js";

/** Engine time of the first second that was counted. */
export const BEGIN = Date.UTC(2026, 10, 21, 9, 0, 0);

export interface SampleOptions {
  readonly seed: number;
  readonly requestsPerSecond: number;
  /** Shares of requests that fail, and that are slow. */
  readonly stable: { readonly errors: number; readonly slow: number };
  readonly canary: { readonly errors: number; readonly slow: number };
  readonly stages?: readonly { readonly share: number; readonly minMs: number; readonly maxMs: number }[];
  readonly historySeconds?: number;
  readonly label?: string;
  readonly reason?: string | null;
  readonly analysis?: CompiledAnalysis | null;
}

const ANALYSIS: CompiledAnalysis = {
  falseAlarms: 0.01,
  falsePasses: 0.05,
  signals: [
    { name: "errors", margin: { fail: 0.001, pass: 0.005 }, objective: null, source: { kind: "errors" } },
    { name: "slow", margin: { fail: 0.01, pass: 0.03 }, objective: null, source: { kind: "slow", slowerThanMs: 300 } },
  ],
};

export const STAGES = [
  { share: 10, minMs: 120_000, maxMs: 600_000 },
  { share: 25, minMs: 60_000, maxMs: 600_000 },
  { share: 50, minMs: 60_000, maxMs: 600_000 },
  { share: 100, minMs: 30_000, maxMs: 600_000 },
];

/** One rollout told as the engine tells it: seeded requests, the real analysis, and the events that follow from it. */
export function sample(options: SampleOptions): ReportInput {
  const { stages = STAGES, historySeconds = 2_700, label = "1.1.0-bbbbbbb", reason = "faster search" } = options;
  const analysis = options.analysis === undefined ? ANALYSIS : options.analysis;
  const guards = [{ signal: "slow", above: 0.5, forMs: 10_000, minSamples: 20, slowMs: 300 }] as const;
  const strategy = { kind: "canary", stages, routes: [], sticky: null, keepOldMs: 0 } as const;
  const api = service("api", { strategy, guards, analysis });
  const ledger = new SampleLedger();
  const start = BEGIN + historySeconds * 1_000;
  ledger.at = BEGIN - 60_000;
  firstRelease(ledger, revision("r1", "1.0.0-aaaaaaa", api));
  ledger.at = start;
  ledger.say({ type: "revision.registered@1", data: { revision: revision("r2", label, api) } });
  const request = { deployment: "d2", to: "r2", kind: "deploy", reason, fast: false } as const;
  ledger.say({ type: "deployment.requested@1", data: request }, "user:ada");
  const steps = [{ service: "api", action: "roll-out", from: "r1", to: "r2", stages }] as const;
  ledger.say({ type: "deployment.started@1", data: { deployment: "d2", from: "r1", to: "r2", steps } });
  const about = { deployment: "d2", service: "api" } as const;
  const blocks = roll(options, stages, ledger, about, analysis, start);
  const story = storyOf("shop/production", ledger.events, "d2", ledger.at);
  if (story === null) throw new RangeError("the sample has no deployment");
  const names = new RevisionNames();
  for (const event of ledger.events) names.learnFrom(event);
  return {
    story,
    counted: blocks.length === 0 ? {} : { api: { blocks, blockMs: 1_000 } },
    checkpoint: {
      note: "windlass/shop\n14\nq83vEjRWeJA=\n\n— windlass/shop c2lnbmF0dXJl\n",
      verifierKey: "windlass/shop+1f+AQ",
    },
    tell: (event) => sentenceOf(event, names),
  };
}

/** What ran well before. */
function firstRelease(ledger: SampleLedger, first: Revision): void {
  const about = { deployment: "d1", to: first.id } as const;
  const step = { service: "api", action: "roll-out", from: null, to: first.id, stages: [] } as const;
  ledger.say({ type: "revision.registered@1", data: { revision: first } });
  ledger.say(
    { type: "deployment.requested@1", data: { ...about, kind: "deploy", reason: null, fast: false } },
    "user:ada",
  );
  ledger.say({ type: "deployment.started@1", data: { ...about, from: null, steps: [step] } });
  ledger.say({ type: "deployment.finished@1", data: { deployment: "d1", outcome: "succeeded", cause: null } });
}

function roll(
  options: SampleOptions,
  stages: NonNullable<SampleOptions["stages"]>,
  ledger: SampleLedger,
  about: { readonly deployment: string; readonly service: string },
  analysis: CompiledAnalysis | null,
  start: number,
): readonly Block[] {
  const random = new Random(options.seed);
  const rollout =
    analysis === null
      ? null
      : new RolloutAnalysis({ analysis, stable: "r1", canary: "r2", attempt: 1, memory: null, slowMs: 300 });
  const blocks: Block[] = [];
  const second = (at: number, share: number) => {
    const made = [
      ...["api-r1-1", "api-r1-2"].map((replica) =>
        block(random, at, "r1", replica, (options.requestsPerSecond * (100 - share)) / 200, options.stable),
      ),
      block(random, at, "r2", "api-r2-1", (options.requestsPerSecond * share) / 100, options.canary),
    ].filter(({ total }) => total > 0);
    blocks.push(...made);
    return made;
  };
  const learn = (at: number) => {
    const answered = second(at, 0);
    rollout?.learn(at, answered);
  };
  for (let at = BEGIN; at < start; at += 1_000) learn(at);
  ledger.at = start + 4_000;
  for (let at = start; at < ledger.at; at += 1_000) learn(at);
  for (const [stage, { share, minMs, maxMs }] of stages.entries()) {
    ledger.say({ type: "stage.entered@1", data: { ...about, stage, share, of: stages.length } });
    const shape = { groups: { r1: 2, r2: 1 }, weights: { r1: 100 - share, r2: share }, routed: null };
    ledger.say({ type: "rollout.shaped@1", data: { ...about, ...shape, because: `api goes to ${share} %` } });
    ledger.say({ type: "stage.observing@1", data: { ...about, stage } });
    const from = ledger.at;
    for (;;) {
      const answered = second(ledger.at, share);
      rollout?.update(ledger.at, answered);
      ledger.at += 1_000;
      const judgement: Judgement = rollout?.judge() ?? { verdict: "pass", signals: [], sentence: "time alone decides" };
      const passed = judgement.verdict === "pass" && ledger.at - from >= minMs;
      if (judgement.verdict !== "fail" && !passed && ledger.at - from < maxMs) continue;
      ledger.say({ type: "stage.judged@1", data: { ...about, stage, judgement } });
      if (judgement.verdict === "fail") return turnBack(ledger, about, judgement, second, blocks);
      if (!passed) return blocks;
      break;
    }
  }
  ledger.say({ type: "rollout.arrived@1", data: about });
  ledger.say({ type: "deployment.finished@1", data: { deployment: "d2", outcome: "succeeded", cause: null } });
  return blocks;
}

function turnBack(
  ledger: SampleLedger,
  about: { readonly deployment: string; readonly service: string },
  judgement: Judgement,
  second: (at: number, share: number) => readonly Block[],
  blocks: readonly Block[],
): readonly Block[] {
  const cause = { kind: "verdict", service: "api", sentence: judgement.sentence, exit: null, judgement } as const;
  ledger.say({ type: "deployment.turned@1", data: { deployment: "d2", cause } });
  for (let left = 6; left > 0; left--) {
    second(ledger.at, 0);
    ledger.at += 1_000;
  }
  ledger.say({ type: "rollout.returned@1", data: { ...about, clean: true } });
  ledger.say({ type: "hold.placed@1", data: { revision: "r2", reason: judgement.sentence } });
  ledger.say({ type: "deployment.finished@1", data: { deployment: "d2", outcome: "rolled-back", cause } });
  return blocks;
}

class SampleLedger {
  readonly events: KnownRecord[] = [];
  at = BEGIN;

  say(fact: DomainEvent, by = "engine"): void {
    const version = this.events.length + 1;
    const wall = new Date(this.at).toISOString();
    this.events.push({
      ...fact,
      stream: "shop/production",
      version,
      sequence: version,
      at: this.at,
      wall,
      by,
      key: null,
    });
  }
}

function block(
  random: Random,
  at: number,
  group: string,
  replica: string,
  mean: number,
  shares: SampleOptions["stable"],
): Block {
  const total = random.poisson(mean);
  const errors = Math.min(total, random.poisson(total * shares.errors));
  const slow = Math.min(total, random.poisson(total * shares.slow));
  return { at, group, replica, total, errors, slow, restarts: 0 };
}

function revision(id: string, label: string, api: CompiledService): Revision {
  const made = { ...release(label), commit: "b".repeat(40) };
  return { id, digest: made.digest, release: made, environment: environment([api]), workloads: {} };
}
