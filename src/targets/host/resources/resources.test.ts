import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import pg from "pg";
import { afterEach, expect, test } from "vitest";
import { eventually } from "../../../../test/contract/host.js";
import { inheritedEnvironment } from "../daemon/preparation.js";
import { PortPool } from "../supervisor/free-port.js";
import { PostgresRecipe } from "./postgres.js";
import { installedServers, type PostgresServer, packagedServer } from "./postgres-binaries.js";
import { RedisRecipe } from "./redis.js";
import { Resources } from "./resources.js";
import { SupervisedServer } from "./supervised-server.js";

const ended: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of ended.splice(0).reverse()) await end();
});

function home(): string {
  const directory = mkdtempSync(path.join(os.tmpdir(), "windlass-resource-"));
  ended.push(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

function server(directory: string, recipe: PostgresRecipe | RedisRecipe): SupervisedServer {
  const marker = { WINDLASS_INSTANCE: path.basename(directory), WINDLASS_RESOURCE: "db" };
  const report = (): void => {};
  const ports = new PortPool(directory);
  const made = new SupervisedServer(recipe, {
    directory: path.join(directory, "db"),
    key: "db",
    marker,
    ports,
    report,
  });
  const ticking = setInterval(() => made.tick(), 50);
  ended.push(async () => {
    await made.stop();
    clearInterval(ticking);
  });
  return made;
}

function postgres(
  directory: string,
  servers: () => readonly PostgresServer[],
  addresses: readonly string[] = [],
): PostgresRecipe {
  const fallback = `/var/lib/windlass-data/test-${path.basename(directory)}/env/db`;
  ended.push(() => rmSync(path.join(fallback, "../.."), { recursive: true, force: true }));
  const environment = inheritedEnvironment();
  const own = { fallback, environment, servers, addresses: () => Promise.resolve(addresses) };
  return new PostgresRecipe({ name: "my-db", directory: path.join(directory, "db"), ...own });
}

async function ready(made: SupervisedServer): Promise<string> {
  return eventually(
    () => {
      const answer = made.url();
      return answer.kind === "ready" && answer.url;
    },
    "the server is ready",
    60_000,
  );
}

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const result = await client.query(text);
  await client.end();
  return result.rows;
}

const packaged = packagedServer();
const kinds: [string, () => PostgresServer[]][] = [
  ["installed", () => installedServers()],
  ["from npm", () => (packaged === null ? [] : [packaged])],
];

for (const [origin, servers] of kinds.filter(([, there]) => there().length > 0))
  test(`a PostgreSQL ${origin} comes up with a database of its own and says which it is`, async () => {
    const directory = home();
    const made = server(directory, postgres(directory, servers));
    const url = await ready(made);
    await query(url, "CREATE TABLE t AS SELECT 42 AS n");
    expect(await query(url, "SELECT n FROM t")).toEqual([{ n: 42 }]);
    expect(made.observe()).toMatchObject({
      phase: "ready",
      detail: expect.stringMatching(new RegExp(`^PostgreSQL \\d+\\.\\d+, ${origin}$`)),
    });
    // Not without its password.
    await expect(query(url.replace(/:[0-9a-f]+@/, ":wrong@"), "SELECT 1")).rejects.toThrow(
      /password authentication failed/,
    );
  });

for (const [origin, servers] of kinds.filter(([, there]) => there().length > 0).slice(0, 1))
  test(`beside containers a PostgreSQL ${origin} listens where they reach it, too, and wants the same password there`, async () => {
    const directory = home();
    // Another name of loopback stands for the Engine's bridge.
    const other = process.platform === "linux" ? "127.0.0.2" : "::1";
    const url = await ready(server(directory, postgres(directory, servers, [other])));
    const outside = url.replace("127.0.0.1", other.includes(":") ? `[${other}]` : other);
    expect(await query(outside, "SELECT 1 AS n")).toEqual([{ n: 1 }]);
    expect(await query(url, "SELECT 1 AS n")).toEqual([{ n: 1 }]);
    await expect(query(outside.replace(/:[0-9a-f]+@/, ":wrong@"), "SELECT 1")).rejects.toThrow(
      /password authentication failed/,
    );
  });

test("a server that is not installed is said to be missing, with what to do", async () => {
  const directory = home();
  const environment = { PATH: "/nowhere" };
  const made = server(
    directory,
    new RedisRecipe({ name: "cache", directory: path.join(directory, "db"), environment }),
  );
  const seen = await eventually(() => made.observe().phase === "failed" && made.observe(), "it has failed");
  expect(seen.detail).toContain("redis-server is not installed on this machine. Install it");
  expect(made.url()).toMatchObject({ kind: "waits" });
});

test("a local resource is its URL, an external one is a secret, and a missing secret is named", () => {
  const secrets: Record<string, string> = { mail_url: "redis://elsewhere" };
  const resources = new Resources({
    embedded: () => expect.fail("nothing is embedded here"),
    secret: (_, name) => secrets[name] ?? expect.fail(`no ${name}`),
    report: () => {},
  });
  resources.want("shop/test", {
    db: { name: "db", kind: "postgres", source: { kind: "local", url: "postgres:///shop" } },
    mail: { name: "mail", kind: "redis", source: { kind: "external", urlSecret: "mail_url" } },
  });
  expect(resources.url("shop/test", "db")).toEqual({ kind: "ready", url: "postgres:///shop" });
  expect(resources.url("shop/test", "mail")).toEqual({ kind: "ready", url: "redis://elsewhere" });
  expect(resources.url("shop/test", "other")).toMatchObject({ kind: "waits" });
  expect(resources.observe("shop/test").mail).toMatchObject({
    phase: "ready",
    detail: expect.not.stringContaining("redis://"),
  });
});
