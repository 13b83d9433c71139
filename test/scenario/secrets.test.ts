import { readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import pg from "pg";
import { afterAll, describe, expect, test } from "vitest";
import { Installation } from "./lab/installation.js";
import { allGone, everyArgv } from "./lab/processes.js";
import { CALM, web, writeShop } from "./lab/shop.js";

const lab = new Installation();
afterAll(async () => expect(await lab.end()).toEqual([]));

const SECRET = "correct-horse-battery-staple-4711";
const services = {
  web: web({ replicas: 1, guards: CALM, uses: ["database"], environment: { TOKEN: { secret: "token" } } }),
};
const more = { resources: { database: "postgres" } };
const shown: string[] = [];
let url = "";

const cli = async (...words: readonly string[]) => {
  const ran = await lab.cli(...words);
  shown.push(ran.output);
  return ran;
};
const environmentOfReplica = async () => {
  const web = (await lab.view("shop/lab")).services[0]?.url ?? "";
  return (await (await fetch(`${web}/environment`)).json()) as Record<string, string>;
};

async function query<T>(text: string): Promise<readonly T[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text)).rows as T[];
  } finally {
    await client.end();
  }
}

test("a service gets the secret and the database that its spec names", async () => {
  writeShop(lab, { release: "1.0.0" }, services, more);
  // Starts the control plane.
  await cli("plan", "lab", "--version", "1.0.0");
  await lab.control.putSecrets("shop/lab", { token: SECRET });
  expect(await cli("deploy", "lab", "--version", "1.0.0")).toMatchObject({ code: 0 });
  const { TOKEN, DATABASE_URL } = await environmentOfReplica();
  expect(TOKEN).toBe(SECRET);
  url = DATABASE_URL ?? "";
  await query("CREATE TABLE orders (id int PRIMARY KEY)");
  await query("INSERT INTO orders VALUES (4711)");
});

test("what the database holds outlives down and up", async () => {
  const { services: running } = await lab.view("shop/lab");
  const replicas = running.flatMap(({ groups }) => groups.flatMap((group) => group.replicas.map(({ pid }) => pid)));
  expect(await cli("down", "lab", "--yes")).toMatchObject({ code: 0 });
  await allGone(replicas);
  const up = await cli("deploy", "lab", "--version", "1.0.0");
  expect(up.code, up.output).toBe(0);
  const again = await environmentOfReplica();
  expect(Object.keys(again)).toContain("DATABASE_URL");
  url = again.DATABASE_URL ?? "";
  expect(await query("SELECT id FROM orders")).toEqual([{ id: 4711 }]);
});

describe("no value of a secret is seen", () => {
  const values = () => [SECRET, new URL(url).password];

  test("in what the CLI prints, in the events, or in any argument list", async () => {
    writeShop(lab, { release: "1.1.0" }, services, more);
    await cli("plan", "lab", "--version", "1.1.0", "--json");
    await cli("deploy", "lab", "--version", "1.1.0", "--json");
    await cli("check", "--effective", "lab");
    for (const verb of ["status", "why", "history"]) await cli(verb, "lab", "--json");
    await cli("history", "lab", "--events", "--json");
    await cli("logs", "--env", "lab");
    await cli("ledger", "export");
    await cli("doctor");
    shown.push(everyArgv());
    for (const value of values()) expect(shown.filter((text) => text.includes(value))).toEqual([]);
  });

  test("in any file but those that keep them, and those are their owner's alone", () => {
    const keep = ["secrets", "resources"].map((name) => path.join(lab.places.daemon, name) + path.sep);
    const holding = filesBelow(lab.home).filter((file) => {
      const text = readFileSync(file, "latin1");
      return values().some((value) => text.includes(value));
    });
    expect(holding.filter((file) => !keep.some((place) => file.startsWith(place)))).toEqual([]);
    expect(holding.length).toBeGreaterThan(0);
    for (const file of holding) expect([file, statSync(file).mode & 0o077]).toEqual([file, 0]);
  });
});

function filesBelow(directory: string): readonly string[] {
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
}
