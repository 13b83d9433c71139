import { shift } from "./mann-whitney.js";
import { type Rival, type Rollout, windowShares } from "./rival.js";

/** 98 % two-sided. */
const Z = 2.3263478740408408;
const POINT_SECONDS = 60;
const TOLERANCES = [0, 0.1, 0.25, 0.5, 0.75, 0.9];
/** Of the means, canary to stable (`effectSize.allowedIncrease`). */
const INCREASES = [1, 1.1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 8, 12, 20];

/**
 * Kayenta's NetflixACAJudge for one critical metric, the share of bad requests per minute, direction `increase`, after
 * spinnaker/kayenta (Apache-2.0) `MannWhitneyClassifier.scala`, `NetflixACAJudge.scala` (98 % and 0.25 are fixed there):
 * High, and with it the canary failed, when the lower end of the interval is above tolerance × |Hodges-Lehmann estimate|
 * and the ratio of means reaches `allowedIncrease`. It judges after each analysis interval over all points so far
 * (`GROWING`); its guide asks for 50 points or more, so an hour has one look. Equal data pass; minutes without
 * requests are missing points. Swept: tolerance and allowed increase.
 */
export const KAYENTA = judge("Kayenta", "one look at 50 points of a minute", [50]);

/** The same judge as its guide advises against: looked at again and again, with as few points as it takes to find anything. */
export const KAYENTA_EARLY: Rival = {
  ...judge("few points", "the judge of Kayenta with 5 to 30 points", [5, 10, 20, 30]),
  advised: false,
};

function judge(name: string, what: string, everyPoints: readonly number[]): Rival {
  const settings = everyPoints.flatMap((points) =>
    TOLERANCES.flatMap((tolerance) => INCREASES.map((increase) => ({ points, tolerance, increase }))),
  );
  return {
    name,
    what,
    advised: true,
    settings: settings.map(({ points, tolerance, increase }) => `${points} points ${tolerance} ×${increase}`),
    published: settings.findIndex((one) => one.tolerance === 0.25 && one.increase === 1),
    decide: (rollout) => decide(rollout, everyPoints, settings.length),
  };
}

function decide(rollout: Rollout, everyPoints: readonly number[], settings: number): Int32Array {
  const canary = windowShares(rollout.canary, POINT_SECONDS);
  const stable = windowShares(rollout.stable, POINT_SECONDS);
  const decisions = new Int32Array(settings);
  everyPoints.forEach((points, p) => {
    for (let seen = points; seen <= canary.length; seen += points) {
      const judged = look(present(canary.subarray(0, seen)), present(stable.subarray(0, seen)));
      if (judged === null) continue;
      TOLERANCES.forEach((tolerance, t) => {
        if (judged.lower <= tolerance * Math.abs(judged.estimate)) return;
        INCREASES.forEach((increase, i) => {
          const setting = (p * TOLERANCES.length + t) * INCREASES.length + i;
          if (decisions[setting] === 0 && !(judged.ratio < increase)) decisions[setting] = seen * POINT_SECONDS;
        });
      });
    }
  });
  return decisions;
}

/** Null where there is nothing to judge: no data, or data of one value. */
function look(canary: Float64Array, stable: Float64Array) {
  if (canary.length === 0 || stable.length === 0) return null;
  const value = canary[0];
  if (canary.every((one) => one === value) && stable.every((one) => one === value)) return null;
  const mean = (values: Float64Array) => values.reduce((sum, one) => sum + one, 0) / values.length;
  // 0/0 and x/0 are no effect size, or an endless one: neither is below an allowed increase.
  return { ...shift(canary, stable, Z), ratio: mean(canary) / mean(stable) };
}

function present(shares: Float64Array): Float64Array {
  return shares.filter((share) => !Number.isNaN(share));
}
