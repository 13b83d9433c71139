// @ts-check

/**
 * A project as clients see it; money in cents.
 * @param {import("./projects.js").Project} project
 */
export function viewOf({ id, name, status, budget, lent, createdAt }) {
  return { id, name, status, budget, lent, createdAt: createdAt.toISOString() };
}
