// @ts-check
/**
 * `budget` and `lent` in cents.
 * @typedef {{ id: string, name: string, status: string, budget: number | null, lent: number, createdAt: Date }} Project
 */

const columns = `p.id, p.name, p.status, p.budget, p.created_at,
  (SELECT coalesce(sum(l.amount), 0) FROM loans l WHERE l.project_id = p.id) AS lent`;

/**
 * @param {{ id: string, name: string, status: string, budget: string | null, lent: string, created_at: Date }} row
 * @returns {Project}
 */
const projectOf = ({ id, name, status, budget, lent, created_at }) => ({
  id,
  name,
  status,
  // Both are text in pg: a bigint and a numeric.
  budget: budget === null ? null : Number(budget),
  lent: Number(lent),
  createdAt: created_at,
});

/**
 * Projects in PostgreSQL. What is written and its line in the activity log are one statement.
 * @param {import("pg").Pool} pool
 */
export function createProjects(pool) {
  return {
    /**
     * By id, those after the id `after`: a page costs the same wherever it is.
     * @param {{ status?: string | undefined, after?: string | undefined, limit: number }} page
     * @returns {Promise<Project[]>}
     */
    list: async ({ status, after, limit }) => {
      const { rows } = await pool.query({
        name: "projects-list",
        text: `SELECT ${columns} FROM projects p
               WHERE ($1::text IS NULL OR p.status = $1) AND ($2::uuid IS NULL OR p.id > $2) ORDER BY p.id LIMIT $3`,
        values: [status ?? null, after ?? null, limit],
      });
      return rows.map(projectOf);
    },

    /** @param {string} id @returns {Promise<Project | null>} */
    read: async (id) => {
      const text = `SELECT ${columns} FROM projects p WHERE p.id = $1`;
      const { rows } = await pool.query({ name: "projects-read", text, values: [id] });
      return rows[0] === undefined ? null : projectOf(rows[0]);
    },

    /**
     * @param {{ name: string, status: string, budget: number | null }} project
     * @param {string | null} requestId
     * @returns {Promise<Project>}
     */
    create: async ({ name, status, budget }, requestId) => {
      const { rows } = await pool.query({
        name: "projects-create",
        text: `WITH p AS (INSERT INTO projects (name, status, budget) VALUES ($1, $2, $3) RETURNING *),
                    logged AS (INSERT INTO activity_log (entity_type, entity_id, action, request_id)
                               SELECT 'project', id, 'created', $4 FROM p)
               SELECT ${columns} FROM p`,
        values: [name, status, budget, requestId],
      });
      return projectOf(rows[0]);
    },

    /** @param {string} id @param {string} status @param {string | null} requestId @returns {Promise<Project | null>} */
    change: async (id, status, requestId) => {
      const { rows } = await pool.query({
        name: "projects-change",
        text: `WITH p AS (UPDATE projects SET status = $2 WHERE id = $1 RETURNING *),
                    logged AS (INSERT INTO activity_log (entity_type, entity_id, action, request_id)
                               SELECT 'project', id, $3, $4 FROM p)
               SELECT ${columns} FROM p`,
        values: [id, status, `became ${status}`, requestId],
      });
      return rows[0] === undefined ? null : projectOf(rows[0]);
    },

    /** What happened to it, the latest first. @param {string} id */
    activity: async (id) => {
      const { rows } = await pool.query({
        name: "projects-activity",
        text: `SELECT action, request_id AS "requestId", at FROM activity_log
               WHERE entity_type = 'project' AND entity_id = $1 ORDER BY id DESC LIMIT 100`,
        values: [id],
      });
      return rows;
    },
  };
}

/** @typedef {ReturnType<typeof createProjects>} Projects */
