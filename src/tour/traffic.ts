import { type Load, startLoad } from "../load/load.js";

const RATE = 100;
const ACCOUNT = { email: "admin@example.com", password: "only-for-the-tour" };

/** Clients of the service: they log in, and then read, list, search and create at a fixed rate. */
export async function startClients(baseUrl: string): Promise<Load> {
  const login = await json(`${baseUrl}/login`, { method: "POST", body: ACCOUNT });
  const token = login.token;
  if (typeof token !== "string") throw new Error("the service gave no token");
  const headers = { authorization: `Bearer ${token}` };
  const withPhone = await create(baseUrl, headers, {
    name: "Ada Lovelace",
    email: "ada@example.com",
    phone: "+44 20 7946 0000",
    city: "London",
  });
  const without = await create(baseUrl, headers, {
    name: "Alan Turing",
    email: "alan@example.com",
    city: "Manchester",
  });
  return startLoad({
    baseUrl,
    ratePerSecond: RATE,
    mix: [
      { name: "read", weight: 5, path: `/customers/${withPhone}`, headers },
      { name: "read without phone", weight: 2, path: `/customers/${without}`, headers },
      { name: "search", weight: 1, path: "/customers?q=Ada&limit=5", headers },
      {
        name: "create",
        weight: 2,
        method: "POST",
        path: "/customers",
        headers,
        body: (n: number) => ({
          name: `Customer ${n}`,
          email: `customer-${n}@example.com`,
          phone: "+49 30 1234567",
          city: "Berlin",
        }),
      },
    ],
    releaseOf: (found) => (typeof found["x-release"] === "string" ? found["x-release"] : null),
    byDesign: ({ status, headers: found }) => status === 500 && found["x-release"] === "1.2.0",
  });
}

async function create(
  baseUrl: string,
  headers: Record<string, string>,
  customer: Record<string, string>,
): Promise<string> {
  const { id } = await json(`${baseUrl}/customers`, { method: "POST", body: customer, headers });
  if (typeof id !== "string" && typeof id !== "number") throw new Error("the service gave no id");
  return String(id);
}

async function json(
  url: string,
  ask: { method: string; body: unknown; headers?: Record<string, string> },
): Promise<Record<string, unknown>> {
  const response = await fetch(url, {
    method: ask.method,
    headers: { "content-type": "application/json", ...ask.headers },
    body: JSON.stringify(ask.body),
    signal: AbortSignal.timeout(10_000),
  });
  if (!response.ok) throw new Error(`${ask.method} ${url}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Record<string, unknown>;
}
