import { randomBytes } from "node:crypto";
import { request } from "undici";
import { WindlassError } from "../error.js";
import type { Answer, HttpTemplate } from "./template.js";

export interface PreparedCustomers {
  readonly token: string;
  readonly customers: readonly { readonly id: string; readonly name: string }[];
  /** Makes the email addresses of this run differ from those of other runs on the same database. */
  readonly run: string;
}

export interface PrepareOptions {
  readonly baseUrl: string;
  readonly email: string;
  readonly password: string;
  /** Default 101: a prime, so that every kind of request meets every customer. Three of ten have no phone number. */
  readonly count?: number;
}

/**
 * Logs in at `systems/customer-service` and creates customers for {@link customerMix}.
 * Throws `load-unprepared` when the service answers anything but success.
 */
export async function prepareCustomers(options: PrepareOptions): Promise<PreparedCustomers> {
  const { baseUrl, email, password, count = 101 } = options;
  const run = randomBytes(4).toString("hex");
  const { token } = await post<{ token: string }>(`${baseUrl}/login`, {}, { email, password });
  const customers = [];
  for (let n = 0; n < count; n++) {
    const name = `${FIRST[n % FIRST.length]} ${n} ${LAST[n % LAST.length]} ${run}`;
    const body = { name, email: `customer-${n}@${run}.example`, phone: n % 10 < 3 ? null : "+44 20 7946 0000" };
    const { id } = await post<{ id: string }>(`${baseUrl}/customers`, bearer(token), body);
    customers.push({ id, name });
  }
  return { token, customers, run };
}

const FIRST = ["Ada", "Grace", "Edsger", "Barbara", "Alan", "Radia", "Tony"];
const LAST = ["Lovelace", "Hopper", "Dijkstra", "Liskov", "Turing", "Perlman", "Hoare", "Allen", "Karp"];

/** 60 % reads, 15 % searches, 5 % pages, 20 % POST. */
export function customerMix({ token, customers, run }: PreparedCustomers): HttpTemplate[] {
  const headers = bearer(token);
  const one = (n: number) => {
    const customer = customers[n % customers.length];
    if (customer === undefined) throw new WindlassError("load-unprepared", "there are no customers to read");
    return customer;
  };
  return [
    { name: "read", weight: 12, headers, path: (n) => `/customers/${one(n).id}` },
    { name: "search", weight: 3, headers, path: (n) => `/customers/search?q=${encodeURIComponent(one(n).name)}` },
    { name: "page", weight: 1, headers, path: (n) => `/customers?limit=5&after=${one(n).id}` },
    {
      name: "create",
      weight: 4,
      method: "POST",
      headers,
      path: "/customers",
      body: (n: number) => ({ name: `Visitor ${n}`, email: `visitor-${n}@${run}.example`, phone: "+44 20 7946 0001" }),
    },
  ];
}

/** The defect of release 1.2.0 of the service: customers without a phone number. */
export function isHarmOfCustomerService({ status, headers }: Answer): boolean {
  return status === 500 && headers["x-release"] === "1.2.0";
}

function bearer(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` };
}

async function post<T>(url: string, headers: Record<string, string>, body: unknown): Promise<T> {
  const answer = await request(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  const text = await answer.body.text();
  if (answer.statusCode >= 300)
    throw new WindlassError("load-unprepared", `POST ${new URL(url).pathname} was answered with ${answer.statusCode}`, {
      hint: "Look at the service's log; the credentials are ADMIN_EMAIL and ADMIN_PASSWORD of its environment.",
    });
  return JSON.parse(text) as T;
}
