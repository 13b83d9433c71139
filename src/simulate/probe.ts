import {
  RolloutAnalysis,
  type RolloutAnalysisOptions,
  type RolloutAnalysisSnapshot,
} from "../core/analysis/rollout.js";
import type { Block } from "../core/model/judgement.js";
import type { CompiledAnalysis, CompiledService } from "../spec/compiled.js";
import { type Harm, NO_HARM } from "./harm.js";
import { seedOf } from "./random.js";
import { Requests } from "./requests.js";
import type { Rehearsed } from "./study.js";

/** Few: enough for "about 22 minutes", not for a second digit. */
export const PROBES = 9;
const HISTORIES = 3;
const HISTORY_S = 3_600;

/** Coarse rehearsals: the comparison alone, without the engine and its guards, after one of a few hours that they share. */
export class Probe {
  readonly #replicas: number;
  readonly #options: RolloutAnalysisOptions;
  readonly #learned: readonly RolloutAnalysisSnapshot[];

  constructor(
    private readonly about: Rehearsed,
    service: CompiledService,
    analysis: CompiledAnalysis,
  ) {
    this.#replicas = Math.max(1, service.replicas);
    this.#options = { analysis, stable: "stable", canary: "canary", attempt: 1, memory: null };
    this.#learned = Array.from({ length: HISTORIES }, (_, run) => this.#learn(run));
  }

  /**
   * Time to a verdict when the new release stays at `share` percent, in the given part (0..1) of the rehearsals. Null:
   * it takes longer than `longestMs`.
   */
  timeTo(wanted: "fail" | "pass", harm: Harm, share: number, longestMs: number, part: number): number | null {
    const came: number[] = [];
    const rank = Math.ceil(part * PROBES);
    for (let run = 1; run <= PROBES; run++) {
      // Too many have not come: what is left cannot move it.
      if (run - 1 - came.length > PROBES - rank) return null;
      // Nor can what comes later than the ones that make it.
      const limit = came.length < rank ? longestMs : (came.toSorted((a, b) => a - b)[rank - 1] ?? longestMs);
      const ms = this.#once(wanted, harm, share, run, limit);
      if (ms !== null) came.push(ms);
    }
    return came.toSorted((a, b) => a - b)[rank - 1] ?? null;
  }

  #learn(run: number): RolloutAnalysisSnapshot {
    const requests = this.#requests(NO_HARM, 0, run);
    const alone = new RolloutAnalysis(this.#options);
    for (let at = 0; at < HISTORY_S; at++) alone.learn(at * 1000, this.#second(requests, at, 0));
    return alone.snapshot();
  }

  #once(wanted: "fail" | "pass", harm: Harm, share: number, run: number, limitMs: number): number | null {
    const requests = this.#requests(harm, share, run);
    const learned = this.#learned[run % HISTORIES] as RolloutAnalysisSnapshot;
    const comparison = RolloutAnalysis.restore(this.#options, learned);
    for (let second = 1; second * 1000 <= limitMs; second++) {
      const at = HISTORY_S + second - 1;
      comparison.update(at * 1000, this.#second(requests, at, share));
      if (comparison.verdict === wanted) return second * 1000;
    }
    return null;
  }

  #requests(harm: Harm, share: number, run: number): Requests {
    const { conditions, seed } = this.about;
    return new Requests({ ...conditions, harm: harm.shares }, seedOf(seed, share, run));
  }

  #second(requests: Requests, at: number, share: number): readonly Block[] {
    const blocks: Block[] = [];
    const add = (group: "stable" | "canary", percent: number, replicas: number) => {
      const mean = (requests.options.requestsPerSecond * percent) / 100 / replicas;
      for (let index = 0; index < replicas; index++) {
        const part = { at: at * 1000, group, replica: `${group}-${index}`, isNew: group === "canary", mean };
        const block = requests.of(part);
        if (block !== null) blocks.push(block);
      }
    };
    add("stable", 100 - share, this.#replicas);
    if (share > 0) add("canary", share, Math.max(1, Math.ceil((this.#replicas * share) / 100)));
    return blocks;
  }
}
