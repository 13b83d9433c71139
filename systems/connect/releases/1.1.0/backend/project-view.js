// @ts-check

/**
 * A project as clients see it, money in cents, and how much of the budget is lent, in percent; null without a budget.
 * @param {import("../../../backend/projects.js").Project} project
 */
export function viewOf({ id, name, status, budget, lent, createdAt }) {
  const lentPercent = budget === null ? null : Math.round((lent / budget) * 10_000) / 100;
  return { id, name, status, budget, lent, lentPercent, createdAt: createdAt.toISOString() };
}
