import { randomUUID } from "node:crypto";
import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type PostgresServer, startPostgres } from "../../customer-service/test/postgres.js";
import { type Built, buildRelease, type Running, start } from "./running.js";

let postgres: PostgresServer;
let built: Built;
let backend: Running;
const others: Running[] = [];

beforeAll(async () => {
  [postgres, built] = await Promise.all([startPostgres(), buildRelease("1.0.0")]);
  backend = await start(built, "backend", { DATABASE_URL: await postgres.createDatabase("connect") });
});
afterAll(async () => {
  await Promise.all([backend, ...others].map((one) => one?.end()));
  await built?.remove();
  await postgres?.end();
});

interface Project {
  readonly id: string;
  readonly name: string;
  readonly status: string;
}
interface Refusal {
  readonly error: { readonly code: string; readonly fields?: readonly { readonly path: string }[] };
}
const json = async <T>(answer: Response | Promise<Response>) => (await (await answer).json()) as T;
const create = (project: object) => json<Project>(backend.send("POST", "/api/projects", project));
const refusal = async (answer: Response) => ({ status: answer.status, ...(await json<Refusal>(answer)).error });
const another = async (environment: Record<string, string>, until: "listening" | "ready" = "ready") => {
  const one = await start(built, "backend", environment, until);
  others.push(one);
  return one;
};

describe("a project", () => {
  test("is read back as it was sent", async () => {
    const answer = await backend.send("POST", "/api/projects", { name: "Mill Street", budget: 25_000_000 });
    const { id } = await json<Project>(answer);
    expect(answer.headers.get("location")).toBe(`/api/projects/${id}`);
    const read = await json<Project>(backend.fetch(`/api/projects/${id}`));
    expect(read).toMatchObject({ id, name: "Mill Street", status: "planned", budget: 25_000_000, lent: 0 });
  });

  test("counts its loans and keeps a log of what happened to it, with the request", async () => {
    const { id } = await create({ name: "Harbour Row", budget: 10_000 });
    const borrowerId = randomUUID();
    for (const amount of [1500, 2500]) await backend.send("POST", "/api/loans", { projectId: id, borrowerId, amount });
    const headers = { "content-type": "application/json", "x-request-id": "req-7" };
    const body = JSON.stringify({ status: "active" });
    await backend.fetch(`/api/projects/${id}`, { method: "PATCH", headers, body });
    expect(await json(backend.fetch(`/api/projects/${id}`))).toMatchObject({ lent: 4000, status: "active" });
    expect(await json(backend.fetch(`/api/loans?borrower=${borrowerId}`))).toMatchObject({
      loans: [{ amount: 2500 }, { amount: 1500 }],
    });
    const { activity } = await json<{ activity: { action: string; requestId: string }[] }>(
      backend.fetch(`/api/projects/${id}/activity`),
    );
    expect(activity.map(({ action }) => action)).toEqual(["became active", "got a loan", "got a loan", "created"]);
    expect(activity[0]?.requestId).toBe("req-7");
  });

  test("is on exactly one page of those with its status", async () => {
    const made: string[] = [];
    for (let n = 0; n < 5; n++) made.push((await create({ name: `Page ${n}`, status: "cancelled" })).id);
    const seen: string[] = [];
    for (let after: string | null = ""; after !== null; ) {
      const page: { projects: Project[]; next: string | null } = await json(
        backend.fetch(`/api/projects?status=cancelled&limit=2${after === "" ? "" : `&after=${after}`}`),
      );
      seen.push(...page.projects.map(({ id }) => id));
      after = page.next;
    }
    expect(seen).toEqual([...made].sort());
  });
});

describe("what is refused", () => {
  test.each([
    ["an empty name", { name: " " }, ["name"]],
    ["NUL in a name", { name: "a\u0000b" }, ["name"]],
    ["two bad fields", { name: "x", status: "open", budget: 0.5 }, ["budget", "status"]],
    ["a field that is none", { name: "x", owner: "me" }, [""]],
  ])("%s, by field", async (_what, project, paths) => {
    const refused = await refusal(await backend.send("POST", "/api/projects", project));
    expect(refused).toMatchObject({ status: 422, code: "invalid-input" });
    expect(refused.fields?.map(({ path }) => path).sort()).toEqual(paths);
  });

  test("a loan to nobody's project", async () => {
    const loan = { projectId: randomUUID(), borrowerId: randomUUID(), amount: 1 };
    expect(await refusal(await backend.send("POST", "/api/loans", loan))).toMatchObject({
      status: 422,
      code: "no-such-project",
    });
  });

  test("a project that is not there, a path that leads nowhere, a body that is no JSON or too large", async () => {
    const unknown = await refusal(await backend.fetch(`/api/projects/${randomUUID()}`));
    expect(unknown).toMatchObject({ status: 404, code: "no-such-project" });
    expect(await refusal(await backend.fetch("/api/nowhere"))).toMatchObject({ status: 404, code: "no-such-route" });
    const post = (type: string, body: string) =>
      backend.fetch("/api/projects", { method: "POST", headers: { "content-type": type }, body });
    expect(await refusal(await post("application/json", "{"))).toMatchObject({ status: 400, code: "malformed-json" });
    expect(await refusal(await post("text/plain", "{}"))).toMatchObject({ status: 415, code: "not-json" });
    const large = JSON.stringify({ name: "x".repeat(100_000) });
    expect(await refusal(await post("application/json", large))).toMatchObject({ status: 413 });
  });
});

describe("its health", () => {
  test("is there once the schema is, and a database that goes away makes requests fail, not replicas", async () => {
    await postgres.stop();
    const early = await another({ DATABASE_URL: await url("later") }, "listening");
    expect((await early.fetch("/api/health")).status).toBe(503);
    expect(await refusal(await early.fetch("/api/projects"))).toMatchObject({ status: 503, code: "starting" });
    expect((await backend.fetch("/api/health")).status).toBe(200);
    const refused = await backend.fetch("/api/projects");
    expect(refused.headers.get("retry-after")).toBe("1");
    expect(await refusal(refused)).toMatchObject({ status: 503, code: "database-away" });

    await postgres.start();
    await early.end();
    expect((await backend.fetch("/api/projects")).status).toBe(200);
  });

  /** Of a database that need not be there. */
  const url = async (name: string) => {
    await postgres.start();
    const found = await postgres.createDatabase(name);
    await postgres.stop();
    return found;
  };
});

test("replicas that start together migrate once and make the sample projects once", async () => {
  const environment = { DATABASE_URL: await postgres.createDatabase("together"), SAMPLE_PROJECTS: "8" };
  const replicas = await Promise.all([another(environment), another(environment), another(environment)]);
  expect(replicas.flatMap(({ log }) => log.flatMap((line) => line.applied ?? []))).toEqual(["V001__projects.sql"]);
  const { projects } = await json<{ projects: { budget: number | null }[] }>(
    (replicas[0] ?? backend).fetch("/api/projects"),
  );
  expect([projects.length, projects.filter(({ budget }) => budget === null).length]).toEqual([8, 2]);
});

describe("stopping", () => {
  test("finishes what is in flight, refuses what is new, and ends with 0", async () => {
    const one = await another({ DATABASE_URL: await postgres.createDatabase("stopping") });
    const body = JSON.stringify({ name: "Last one" });
    const slow = request(`${one.url}/api/projects`, {
      method: "POST",
      headers: { "content-type": "application/json", "content-length": body.length },
    });
    const answer = new Promise<number | undefined>((resolve, reject) => {
      slow.once("error", reject);
      slow.once("response", (response) => resolve(response.resume().statusCode));
    });
    await new Promise((resolve) => slow.write(body.slice(0, 5), resolve));
    // The server has read the first bytes of the slow one once it answers another one of the same moment.
    await one.fetch("/api/health");
    const ended = one.terminate();
    await one.logged((line) => line.message === "stopping");
    await expect(one.fetch("/api/health")).rejects.toThrow();
    slow.end(body.slice(5));
    expect(await answer).toBe(201);
    expect(await ended).toBe(0);
  });
});

describe("what it tells", () => {
  test("a line for each request, as the document has them, and no health checks unless debugging", async () => {
    await backend.fetch("/api/projects?limit=1", { headers: { "x-request-id": "req-123" } });
    const line = await backend.logged((one) => one.requestId === "req-123");
    expect(line).toMatchObject({
      level: "info",
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      service: "connect-backend",
      environment: "development",
      path: "/api/projects",
      statusCode: 200,
      responseTime: expect.any(Number),
    });
    await backend.fetch("/api/health");
    expect(await backend.logged((one) => one.path === "/api/health")).toMatchObject({ level: "debug" });
  });

  test("an environment that is not complete, by variable and without values", async () => {
    const failed = start(built, "backend", { DATABASE_URL: "mysql://me:hidden@there/db", POOL_MAX: "0" });
    const message = await failed.then(() => "", String);
    expect(message).toContain("DATABASE_URL must be a postgres:// URL");
    expect(message).toContain("POOL_MAX");
    expect(message).not.toContain("hidden");
  });

  test("Prometheus gets latencies by route, and the pool", async () => {
    const { id } = await create({ name: "Measured" });
    await backend.fetch(`/api/projects/${id}`);
    const text = await (await backend.fetch("/metrics")).text();
    expect(text).toMatch(
      /http_request_duration_seconds_bucket\{le="1",service="connect-backend",release="1.0.0",method="GET",route="\/api\/projects\/:id",status="200"\} \d/,
    );
    expect(text).toMatch(/db_pool_connections\{[^}]*what="max"[^}]*\} 10$/m);
    expect(text).not.toContain(id);
  });
});
