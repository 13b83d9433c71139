// @ts-check

/** @typedef {{ id: string, projectId: string, borrowerId: string, amount: number, createdAt: Date }} Loan */

/**
 * @param {{ id: string, project_id: string, borrower_id: string, amount: string, created_at: Date }} row
 * @returns {Loan}
 */
const loanOf = ({ id, project_id, borrower_id, amount, created_at }) => ({
  id,
  projectId: project_id,
  borrowerId: borrower_id,
  amount: Number(amount),
  createdAt: created_at,
});

/**
 * Loans to projects, in cents.
 * @param {import("pg").Pool} pool
 */
export function createLoans(pool) {
  return {
    /**
     * @param {{ projectId: string, borrowerId: string, amount: number }} loan
     * @param {string | null} requestId
     * @returns {Promise<Loan>} rejects with 23503 when there is no such project
     */
    create: async ({ projectId, borrowerId, amount }, requestId) => {
      const { rows } = await pool.query({
        name: "loans-create",
        text: `WITH l AS (INSERT INTO loans (project_id, borrower_id, amount) VALUES ($1, $2, $3) RETURNING *),
                    logged AS (INSERT INTO activity_log (entity_type, entity_id, action, request_id)
                               SELECT 'project', project_id, 'got a loan', $4 FROM l)
               SELECT * FROM l`,
        values: [projectId, borrowerId, amount, requestId],
      });
      return loanOf(rows[0]);
    },

    /** The latest first. @param {{ borrower: string, limit: number }} page @returns {Promise<Loan[]>} */
    list: async ({ borrower, limit }) => {
      const { rows } = await pool.query({
        name: "loans-list",
        text: `SELECT id, project_id, borrower_id, amount, created_at FROM loans
               WHERE borrower_id = $1 ORDER BY created_at DESC, id LIMIT $2`,
        values: [borrower, limit],
      });
      return rows.map(loanOf);
    },
  };
}

/** @typedef {ReturnType<typeof createLoans>} Loans */
