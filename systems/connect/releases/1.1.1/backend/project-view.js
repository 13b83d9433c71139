// @ts-check

/**
 * A project as clients see it, with the percentage exact however large the sums are.
 *
 * This is the harmful release: nobody tried it with a project that has no budget yet. Reading, listing or changing one
 * divides by zero and ends in a 500; with all others it is fine, so it starts, is ready, and passes its smoke checks.
 * @param {import("../../../backend/projects.js").Project} project
 */
export function viewOf({ id, name, status, budget, lent, createdAt }) {
  const lentPercent = Number((BigInt(lent) * 10_000n) / BigInt(budget ?? 0)) / 100;
  return { id, name, status, budget, lent, lentPercent, createdAt: createdAt.toISOString() };
}
