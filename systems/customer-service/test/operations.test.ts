import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type PostgresServer, startPostgres, withClient } from "./postgres.js";
import {
  admin,
  type BuiltRelease,
  buildRelease,
  errorOf,
  type RunningService,
  secrets,
  startService,
} from "./running-service.js";

let postgres: PostgresServer;
let release: BuiltRelease;
let database: string;
const started: RunningService[] = [];
const service = async (
  ...options: Parameters<typeof startService> extends [unknown, unknown, ...infer R] ? R : never
) => {
  const one = await startService(release, database, ...options);
  started.push(one);
  return one;
};

beforeAll(async () => {
  [postgres, release] = await Promise.all([startPostgres(), buildRelease("1.0.0")]);
  database = await postgres.createDatabase("operations");
});
afterAll(async () => {
  await Promise.all(started.map((one) => one.end()));
  await release?.remove();
  await postgres?.end();
});

const until = async (holds: () => Promise<boolean>) => {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 50));
};

describe("readiness", () => {
  test("goes with the database and comes back with it, while the service lives on", async () => {
    const one = await service();
    const status = async (path: string) => (await one.fetch(path)).status;
    expect([await status("/health"), await status("/ready")]).toEqual([200, 200]);

    await postgres.stop();
    expect([await status("/health"), await status("/ready")]).toEqual([200, 503]);
    const refused = await errorOf(
      await one.fetch("/login", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(admin),
      }),
    );
    expect(refused).toMatchObject({ status: 503, code: "database-unavailable" });

    await postgres.start();
    await until(async () => (await status("/ready")) === 200);
  });

  test("waits for a database that is not there yet", async () => {
    await postgres.stop();
    const one = await service({ early: true });
    expect((await one.fetch("/health")).status).toBe(200);
    expect((await one.fetch("/ready")).status).toBe(503);
    expect(await errorOf(await one.fetch("/customers"))).toMatchObject({ status: 503, code: "starting" });
    await postgres.start();
    await one.logged((record) => record.message === "schema is there");
    expect((await one.fetch("/ready")).status).toBe(200);
  });
});

describe("migrations", () => {
  test("are applied once by replicas that start together", async () => {
    database = await postgres.createDatabase("together");
    const replicas = await Promise.all([service(), service(), service()]);
    const applied = replicas.flatMap((one) => one.log.flatMap((record) => record.applied ?? []));
    expect(applied).toEqual(["V001__customers.sql"]);
  });

  test("of a later release do not stop an earlier one from starting", async () => {
    const later = await buildRelease("1.1.0");
    database = await postgres.createDatabase("later");
    const newer = await startService(later, database);
    started.push(newer);
    const older = await service();
    expect((await older.fetch("/ready")).status).toBe(200);
    await newer.end();
    await later.remove();
  });
});

test("a column that a later release adds does not disturb the one that runs", async () => {
  const one = await service();
  const { id } = (await (
    await one.asAdmin("POST", "/customers", { name: "Before", email: "before@example.com" })
  ).json()) as { id: string };
  const read = async () => (await one.asAdmin("GET", `/customers/${id}`)).status;
  expect(await read()).toBe(200);
  await withClient(database, (client) => client.query("ALTER TABLE customers ADD COLUMN tier text"));
  expect(await read()).toBe(200);
});

describe("stopping", () => {
  /** A request whose body is still to come, so that it is in flight until `finish` is called. */
  const slowLogin = (one: RunningService) => {
    const agentless = request(`${one.url}/login`, {
      method: "POST",
      headers: { "content-type": "application/json", "transfer-encoding": "chunked" },
    });
    const answer = new Promise<{ status: number | undefined; connection: string | undefined }>((resolve, reject) => {
      agentless.once("error", reject);
      agentless.once("response", (response) => {
        response.resume();
        resolve({ status: response.statusCode, connection: response.headers.connection });
      });
    });
    agentless.write(JSON.stringify(admin).slice(0, 5));
    return { answer, finish: () => agentless.end(JSON.stringify(admin).slice(5)) };
  };

  /** Until it has the slow request; the scrape itself is the other one. */
  const inFlight = (one: RunningService) =>
    until(async () => /^http_requests_in_flight\{[^}]*\} 2$/m.test(await (await one.fetch("/metrics")).text()));

  test("finishes what is in flight, refuses what is new, and ends with 0", async () => {
    const one = await service();
    const running = slowLogin(one);
    await inFlight(one);
    const ended = one.terminate();
    await one.logged((record) => record.message === "stopping");
    await expect(one.fetch("/health")).rejects.toThrow();
    running.finish();
    expect(await running.answer).toEqual({ status: 200, connection: "close" });
    expect(await ended, one.output()).toBe(0);
    expect(one.log.at(-1), one.output()).toMatchObject({ message: "stopped", inTime: true });
  });

  test("does not wait forever for a client that never finishes", async () => {
    const one = await service({ environment: { SHUTDOWN_GRACE_MS: "200" } });
    const running = slowLogin(one);
    const lost = expect(running.answer).rejects.toThrow();
    await inFlight(one);
    expect(await one.terminate()).toBe(1);
    await lost;
  });

  test("leaves no connection at the database", async () => {
    database = await postgres.createDatabase("closed");
    const one = await service();
    await one.asAdmin("GET", "/customers");
    await one.terminate();
    const count = await withClient(database, (client) =>
      client.query(
        "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'customer-service'",
      ),
    );
    expect(count.rowCount).toBe(0);
  });
});

describe("what it tells", () => {
  test("a log record has the fields of the documents", async () => {
    const one = await service();
    await one.asAdmin("GET", "/customers?limit=1", undefined, { "x-request-id": "req-123" });
    const record = await one.logged((entry) => entry.requestId === "req-123" && entry.statusCode !== undefined);
    expect(record).toMatchObject({
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      level: "INFO",
      service: "customer-service",
      userId: expect.stringMatching(/^[\da-f-]{36}$/),
      method: "GET",
      path: "/customers",
      statusCode: 200,
      responseTime: expect.any(Number),
      message: "request completed",
    });
  });

  test("a request id that could forge a log line is replaced", async () => {
    const one = await service();
    const answer = await one.fetch("/health", { headers: { "x-request-id": 'a" b' } });
    expect(answer.headers.get("x-request-id")).toMatch(/^[\da-f-]{36}$/);
  });

  test("answers carry the release and security headers", async () => {
    const { headers } = await (await service()).fetch("/health");
    expect(headers.get("x-release")).toBe("1.0.0");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("cache-control")).toBe("no-store");
  });

  test("metrics have latency buckets by route, tokens and the pool, and no id", async () => {
    const one = await service();
    const { id } = (await (
      await one.asAdmin("POST", "/customers", { name: "Metric", email: "metric@example.com" })
    ).json()) as { id: string };
    await one.asAdmin("GET", `/customers/${id}`);
    const text = await (await one.fetch("/metrics")).text();
    expect(text).toMatch(
      /^http_request_duration_seconds_bucket\{le="0.5",.*method="GET",route="\/customers\/:id",status="200"/m,
    );
    expect(text).toMatch(/^jwt_issued_total\{[^}]*\} 1$/m);
    expect(text).toMatch(/^db_pool_connections\{state="max"[^}]*\} 10$/m);
    expect(text).not.toContain(id);
  });

  test("neither logs nor answers hold a secret, whatever goes wrong", async () => {
    const one = await service();
    await one.asAdmin("GET", "/customers");
    await one.fetch("/login", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: `{"password":"${secrets.ADMIN_PASSWORD}"`,
    });
    await one.fetch("/customers", { headers: { authorization: `Bearer ${secrets.JWT_KEY}` } });
    await one.terminate();
    for (const secret of Object.values(secrets)) expect(one.output()).not.toContain(secret);
    expect(one.output()).not.toMatch(/eyJ|scrypt\$|postgres:\/\//);
  });

  test("every missing or bad variable is named at once, without its value", async () => {
    const environment = { JWT_KEY: "short-secret", DATABASE_URL: "mysql://u:pass@h/d", POOL_MAX: "0" };
    const ended = startService(release, database, { environment });
    await expect(ended).rejects.toThrow(/JWT_KEY.*|DATABASE_URL|POOL_MAX/);
    const message = await ended.then(String, String);
    for (const name of Object.keys(environment)) expect(message).toContain(name);
    expect(message).not.toMatch(/short-secret|pass@/);
  });
});
