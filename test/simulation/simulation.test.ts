import { expect, test } from "vitest";
import { tell } from "./story.js";

const SEEDS = Number(process.env.SEEDS ?? 2_000);
const only = process.env.SEED;

/** `SEED=17 npx vitest run test/simulation` tells one story again. */
const seeds = only === undefined ? Array.from({ length: SEEDS }, (_, index) => index + 1) : [Number(only)];

test(`${seeds.length} worlds keep every rule`, { timeout: 600_000 }, async () => {
  const outcomes = new Map<string, number>();
  let deaths = 0;
  for (const seed of seeds) {
    try {
      const story = await tell(seed);
      deaths += story.deaths;
      for (const outcome of story.outcomes) outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    } catch (error) {
      throw new Error(`seed ${seed} (SEED=${seed} npx vitest run test/simulation)`, { cause: error });
    }
  }
  if (seeds.length < 500) return;
  // The worlds are wide enough to mean something: every outcome happens, and engines die.
  expect([...outcomes.keys()].sort()).toEqual(["failed", "rolled-back", "succeeded", "superseded"]);
  expect(deaths).toBeGreaterThan(100);
});
