import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type PostgresServer, startPostgres } from "./postgres.js";
import { type BuiltRelease, buildRelease, type RunningService, startService } from "./running-service.js";

let postgres: PostgresServer;
let database: string;
const built = new Map<string, BuiltRelease>();
const running = new Map<string, RunningService>();

beforeAll(async () => {
  postgres = await startPostgres();
  database = await postgres.createDatabase("releases");
  for (const release of ["1.0.0", "1.1.0", "1.1.1", "1.2.0"]) {
    const folder = await buildRelease(release);
    built.set(release, folder);
    running.set(release, await startService(folder, database));
  }
  const add = (body: unknown) => the("1.0.0").asAdmin("POST", "/customers", body);
  await add({ name: "Grace Hopper", email: "grace@example.com", phone: "+1 212 555 0100", city: "Arlington" });
  await add({ name: "Hopscotch Ltd", email: "info@example.com", phone: "+1 212 555 0101" });
  await add({ name: "Without Phone", email: "without@example.com" });
});
afterAll(async () => {
  await Promise.all([...running.values()].map((one) => one.end()));
  await Promise.all([...built.values()].map((one) => one.remove()));
  await postgres?.end();
});

function the(release: string): RunningService {
  const one = running.get(release);
  if (one === undefined) throw new Error(`${release} does not run`);
  return one;
}
interface Found {
  readonly customers: readonly { readonly id: string; readonly name: string }[];
}
const search = async (release: string, text: string) =>
  ((await (await the(release).asAdmin("GET", `/customers?q=${text}`)).json()) as Found).customers;
const names = async (release: string, text: string) => (await search(release, text)).map((customer) => customer.name);

test("the same input gives the same bytes", async () => {
  const again = await buildRelease("1.1.0");
  const digests = await Promise.all([again, built.get("1.1.0")].map((one) => digestOf(one?.folder ?? "")));
  await again.remove();
  expect(digests[0]).toBe(digests[1]);
});

describe("1.1.0, the better one", () => {
  test("says who it is", async () => {
    expect((await the("1.1.0").fetch("/health")).headers.get("x-release")).toBe("1.1.0");
  });
  test("finds surnames and cities, which 1.0.0 does not, and ranks beginnings first", async () => {
    expect(await names("1.0.0", "hop")).toEqual(["Hopscotch Ltd"]);
    expect(await names("1.1.0", "hop")).toEqual(["Hopscotch Ltd", "Grace Hopper"]);
    expect(await names("1.1.0", "arling")).toEqual(["Grace Hopper"]);
  });
  test("takes operators of the search language literally", async () => {
    expect(await names("1.1.0", encodeURIComponent("grace & ! nobody ) :*"))).toEqual([]);
  });
});

test("1.1.1, the patch, puts the very name first", async () => {
  for (const [name, email] of [
    ["Dot Com", "b@dot.example"],
    ["Dot", "z@dot.example"],
    ["Aaron Dot", "a@dot.example"],
  ])
    await the("1.0.0").asAdmin("POST", "/customers", { name, email });
  expect(await names("1.1.1", "dot")).toEqual(["Dot", "Dot Com", "Aaron Dot"]);
});

describe("1.2.0, the harmful one", () => {
  test("is ready and fine for customers with a phone number", async () => {
    expect((await the("1.2.0").fetch("/ready")).status).toBe(200);
    expect((await search("1.2.0", "grace"))[0]).toMatchObject({ phone: "+1 212 555 0100", call: "tel:+12125550100" });
  });
  test("fails with a 500 of its own for those without one", async () => {
    const [customer] = await search("1.1.0", "without");
    const answer = await the("1.2.0").asAdmin("GET", `/customers/${customer?.id}`);
    expect([answer.status, answer.headers.get("x-release")]).toEqual([500, "1.2.0"]);
    const logged = await the("1.2.0").logged((record) => record.message === "request failed");
    expect(logged.error).toBe("TypeError");
  });
});

async function digestOf(folder: string): Promise<string> {
  const hash = createHash("sha256");
  for (const entry of (await readdir(folder, { recursive: true, withFileTypes: true })).filter((e) => e.isFile()))
    hash.update(entry.name).update(await readFile(path.join(entry.parentPath, entry.name)));
  return hash.digest("hex");
}
