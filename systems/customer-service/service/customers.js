// @ts-check
import { columns } from "./columns.js";
import { searchCustomers } from "./search.js";

/**
 * A row of the table.
 * @typedef {object} Customer
 * @property {string} id
 * @property {string} name
 * @property {string} email
 * @property {string | null} phone
 * @property {string | null} city
 * @property {number} version
 * @property {Date} created_at
 * @property {Date} updated_at
 */

/** @typedef {{ name: string, email: string, phone: string | null, city: string | null }} CustomerFields */

/**
 * The customers in PostgreSQL. Every statement is prepared once per connection and takes its values as parameters.
 * @param {import("pg").Pool} pool
 */
export function createCustomers(pool) {
  return {
    /** @param {CustomerFields} fields @returns {Promise<Customer>} */
    create: async ({ name, email, phone, city }) => {
      const { rows } = await pool.query({
        name: "customer-create",
        text: `INSERT INTO customers (name, email, phone, city) VALUES ($1, $2, $3, $4) RETURNING ${columns}`,
        values: [name, email, phone, city],
      });
      return rows[0];
    },

    /** @param {string} id @returns {Promise<Customer | null>} */
    read: async (id) => {
      const { rows } = await pool.query({
        name: "customer-read",
        text: `SELECT ${columns} FROM customers WHERE id = $1`,
        values: [id],
      });
      return rows[0] ?? null;
    },

    /**
     * `expected`: only when the customer still has this version; null: whatever it has.
     * @param {string} id @param {CustomerFields} fields @param {number | null} expected
     * @returns {Promise<Customer | null>} null: not there, or not at that version
     */
    update: async (id, { name, email, phone, city }, expected) => {
      const { rows } = await pool.query({
        name: "customer-update",
        text: `UPDATE customers SET name = $2, email = $3, phone = $4, city = $5, version = version + 1, updated_at = now()
               WHERE id = $1 AND ($6::integer IS NULL OR version = $6) RETURNING ${columns}`,
        values: [id, name, email, phone, city, expected],
      });
      return rows[0] ?? null;
    },

    /** @param {string} id @returns {Promise<boolean>} whether it was there */
    remove: async (id) => {
      const { rowCount } = await pool.query("DELETE FROM customers WHERE id = $1", [id]);
      return rowCount === 1;
    },

    /**
     * By id, after the id `after` (keyset: a page costs the same wherever it is, and a deleted customer loses nothing).
     * @param {number} limit @param {string | null} after @returns {Promise<Customer[]>}
     */
    list: async (limit, after) => {
      const { rows } = await pool.query({
        name: "customer-list",
        text: `SELECT ${columns} FROM customers
               WHERE id > coalesce($2::uuid, '00000000-0000-0000-0000-000000000000') ORDER BY id LIMIT $1`,
        values: [limit, after],
      });
      return rows;
    },

    /** @param {string} text @param {number} limit @returns {Promise<Customer[]>} */
    search: (text, limit) => searchCustomers(pool, text, limit),
  };
}

/** @typedef {ReturnType<typeof createCustomers>} Customers */
