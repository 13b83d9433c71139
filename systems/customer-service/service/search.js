// @ts-check
import { columns } from "./columns.js";

/**
 * Customers whose name or email begins with `text`, by name.
 * @param {import("pg").Pool} pool
 * @param {string} text
 * @param {number} limit
 * @returns {Promise<import("./customers.js").Customer[]>}
 */
export async function searchCustomers(pool, text, limit) {
  const { rows } = await pool.query({
    name: "customer-search",
    text: `SELECT ${columns} FROM customers WHERE lower(name) LIKE $1 OR lower(email) LIKE $1 ORDER BY lower(name), id LIMIT $2`,
    values: [`${literally(text.toLowerCase())}%`, limit],
  });
  return rows;
}

/** @param {string} text */
function literally(text) {
  return text.replace(/[\\%_]/g, "\\$&");
}
