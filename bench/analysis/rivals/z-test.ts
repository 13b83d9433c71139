import type { Rival, Rollout } from "./rival.js";

/** 2.326: one-sided 1 %, for one look. */
const LEVELS = [
  2.326, 3, 3.5, 4, 4.5, 5, 5.5, 6, 7, 8, 9, 10, 12, 14, 16, 18, 20, 22.5, 25, 27.5, 30, 35, 40, 45, 50, 55, 60, 70, 80,
  100, 150,
];

/** What is often written by hand: the two-proportion z-test with the pooled rate, on all counts so far, looked at every second. */
export const Z_TEST: Rival = {
  name: "z-test",
  what: "pooled, on all counts so far, at every second",
  advised: true,
  settings: LEVELS.map((level) => `z > ${level}`),
  published: 0,
  decide({ seconds, stable, canary }: Rollout): Int32Array {
    const decisions = new Int32Array(LEVELS.length);
    let [k1, n1, k2, n2] = [0, 0, 0, 0];
    let next = 0;
    for (let i = 0; i < seconds && next < LEVELS.length; i++) {
      k1 += stable.bad[i] ?? 0;
      n1 += stable.total[i] ?? 0;
      k2 += canary.bad[i] ?? 0;
      n2 += canary.total[i] ?? 0;
      const z = pooledZ(k1, n1, k2, n2);
      while (next < LEVELS.length && z > (LEVELS[next] ?? Number.POSITIVE_INFINITY)) decisions[next++] = i + 1;
    }
    return decisions;
  },
};

/** Positive when the second group is worse; 0 where it is not defined. */
export function pooledZ(k1: number, n1: number, k2: number, n2: number): number {
  const pooled = (k1 + k2) / (n1 + n2);
  if (n1 === 0 || n2 === 0 || pooled === 0 || pooled === 1) return 0;
  return (k2 / n2 - k1 / n1) / Math.sqrt(pooled * (1 - pooled) * (1 / n1 + 1 / n2));
}
