// @ts-check
import { statuses } from "./shapes.js";

const PLACES = ["Mill Street", "Harbour Row", "Orchard Lane", "North Bridge", "Station Square", "Old Brewery"];

/**
 * Made-up projects where there are none: development is not to begin with an empty page. Every fourth has no budget yet.
 * @param {import("pg").PoolClient} client
 * @param {number} wanted
 */
export async function addSampleProjects(client, wanted) {
  const projects = Array.from({ length: wanted }, (_, n) => ({
    name: `${PLACES[n % PLACES.length]} ${Math.floor(n / PLACES.length) + 1}`,
    status: statuses[n % 3],
    budget: n % 4 === 3 ? null : (n + 1) * 1_000_000,
  }));
  await client.query(
    `INSERT INTO projects (name, status, budget)
     SELECT name, status, budget FROM jsonb_to_recordset($1) AS made (name text, status text, budget bigint)
     WHERE NOT EXISTS (SELECT 1 FROM projects)`,
    [JSON.stringify(projects)],
  );
}
