// @ts-check
import { columns } from "../../service/columns.js";

/**
 * Finds by any word of the name or the city, too, so surnames work; the very name comes first, then those that
 * begin with `text`.
 * @param {import("pg").Pool} pool
 * @param {string} text
 * @param {number} limit
 * @returns {Promise<import("../../service/customers.js").Customer[]>}
 */
export async function searchCustomers(pool, text, limit) {
  const { rows } = await pool.query({
    name: "customer-search-ranked",
    text: `SELECT ${columns} FROM customers
           WHERE lower(name) LIKE $1 OR lower(email) LIKE $1
              OR to_tsvector('simple', name || ' ' || coalesce(city, '')) @@ to_tsquery('simple', $2)
           ORDER BY lower(name) = $4 DESC, lower(name) LIKE $1 DESC, lower(name), id LIMIT $3`,
    values: [`${literally(text.toLowerCase())}%`, allWords(text), limit, text.toLowerCase()],
  });
  return rows;
}

/** Every word, as a prefix: `ada lov` becomes `ada:* & lov:*`. @param {string} text */
function allWords(text) {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  return words.map((word) => `${word}:*`).join(" & ");
}

/** @param {string} text */
function literally(text) {
  return text.replace(/[\\%_]/g, "\\$&");
}
