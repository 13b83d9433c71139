import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type PostgresServer, startPostgres } from "../../customer-service/test/postgres.js";
import { type Built, buildRelease, type Running, start } from "./running.js";

const releases = ["1.0.0", "1.1.0", "1.1.1"] as const;
type Release = (typeof releases)[number];

let postgres: PostgresServer;
const built = new Map<Release, Built>();
const running = new Map<Release, Running>();

beforeAll(async () => {
  postgres = await startPostgres();
  const environment = { DATABASE_URL: await postgres.createDatabase("releases") };
  for (const release of releases) {
    const one = await buildRelease(release);
    built.set(release, one);
    running.set(release, await start(one, "backend", environment));
  }
});
afterAll(async () => {
  await Promise.all([...running.values()].map((one) => one.end()));
  await Promise.all([...built.values()].map((one) => one.remove()));
  await postgres?.end();
});

function the(release: Release): Running {
  const one = running.get(release);
  if (one === undefined) throw new Error(`${release} does not run`);
  return one;
}
const make = async (project: object) =>
  (await (await the("1.0.0").send("POST", "/api/projects", project)).json()) as { id: string };
const read = (release: Release, id: string) => the(release).fetch(`/api/projects/${id}`);

test("the same input gives the same bytes", async () => {
  const again = await buildRelease("1.1.1");
  const digests = await Promise.all([again, built.get("1.1.1")].map((one) => digestOf(one?.folder ?? "")));
  await again.remove();
  expect(digests[0]).toBe(digests[1]);
});

test("each says which it is, and works beside the others on one database", async () => {
  const { id } = await make({ name: "Shared", budget: 1000 });
  for (const release of releases)
    expect([(await read(release, id)).status, (await read(release, id)).headers.get("x-release")]).toEqual([
      200,
      release,
    ]);
});

test("1.1.0 tells how much of the budget is lent, and null without one", async () => {
  const [withBudget, without] = [await make({ name: "With", budget: 30_000 }), await make({ name: "Without" })];
  const loan = { projectId: withBudget.id, borrowerId: without.id, amount: 10_000 };
  await the("1.0.0").send("POST", "/api/loans", loan);
  expect(await (await read("1.1.0", withBudget.id)).json()).toMatchObject({ lent: 10_000, lentPercent: 33.33 });
  expect(await (await read("1.1.0", without.id)).json()).toMatchObject({ lent: 0, lentPercent: null });
  expect(await (await read("1.0.0", withBudget.id)).json()).not.toHaveProperty("lentPercent");
});

describe("1.1.1, the harmful one,", () => {
  test("is healthy, and right about projects with a budget", async () => {
    const { id } = await make({ name: "Funded", budget: 500 });
    expect((await the("1.1.1").fetch("/api/health")).status).toBe(200);
    expect(await (await read("1.1.1", id)).json()).toMatchObject({ lentPercent: 0 });
  });

  test("answers 500 for one without, says why in its log, and counts it", async () => {
    const { id } = await make({ name: "No budget yet" });
    expect((await read("1.1.1", id)).status).toBe(500);
    expect((await the("1.1.1").fetch("/api/projects")).status).toBe(500);
    const line = await the("1.1.1").logged((one) => one.message === "request failed");
    expect(line).toMatchObject({ error: "RangeError", level: "error" });
    expect(await (await the("1.1.1").fetch("/metrics")).text()).toMatch(/^bugs_total\{[^}]*\} [1-9]/m);
  });
});

async function digestOf(folder: string): Promise<string> {
  const hash = createHash("sha256");
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const entry of entries.filter((one) => one.isFile()))
    hash.update(entry.name).update(await readFile(path.join(entry.parentPath, entry.name)));
  return hash.digest("hex");
}
