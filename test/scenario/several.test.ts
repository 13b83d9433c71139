import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { eventually } from "./lab/eventually.js";
import { Installation } from "./lab/installation.js";
import { allGone } from "./lab/processes.js";
import { CALM, web, worker, writeShop } from "./lab/shop.js";

const lab = new Installation();
afterAll(async () => expect(await lab.end()).toEqual([]));

const alone = path.join(lab.root, "alone");
const services = (version: string, changes: Readonly<Record<string, unknown>> = {}) => ({
  // Alphabetically the other way round.
  web: web({ after: ["orders"], environment: { VERSION: version }, replicas: 1, guards: CALM, ...changes }),
  orders: web({ environment: { VERSION: version }, replicas: 1, guards: CALM }),
  mail: worker({ after: ["web"], environment: { VERSION: version } }),
  clock: worker({
    environment: { VERSION: version, ALONE: alone },
    replicas: 1,
    strategy: { kind: "rolling", maxSurge: 0, maxUnavailable: 1, observe: "500ms" },
  }),
});

const begun = async (after: number) =>
  (await lab.events("shop/lab"))
    .filter(({ type, version }) => type === "rollout.started@1" && version > after)
    .map(({ data }) => (data as { service: string }).service);
const pids = async () =>
  Object.fromEntries(
    (await lab.view("shop/lab")).services.map(({ name, groups }) => [
      name,
      groups.flatMap(({ replicas }) => replicas.map(({ pid }) => pid)),
    ]),
  );

test("several services go in the order that the spec gives, workers without a port as well", async () => {
  writeShop(lab, { release: "1.0.0" }, services("1"));
  expect(await lab.cli("deploy", "lab", "--version", "1.0.0")).toMatchObject({ code: 0 });
  const first = await begun(0);
  expect([...first].sort()).toEqual(["clock", "mail", "orders", "web"]);
  expect(first.indexOf("orders")).toBeLessThan(first.indexOf("web"));
  expect(first.indexOf("web")).toBeLessThan(first.indexOf("mail"));
  const { version } = await lab.view("shop/lab");
  writeShop(lab, { release: "1.1.0" }, services("2"));
  expect(await lab.cli("deploy", "lab", "--version", "1.1.0")).toMatchObject({ code: 0 });
  expect(await begun(version)).toEqual(first);
  const view = await lab.view("shop/lab");
  expect(view.services.map(({ groups }) => groups.map(({ revision }) => revision.label))).toEqual(
    Array(4).fill(["1.1.0"]),
  );
});

test("when the second one fails all go back, together", async () => {
  const { version, current } = await lab.view("shop/lab");
  const before = await pids();
  writeShop(lab, { release: "1.2.0" }, services("3", { command: ["node", "no-such-file.mjs"] }));
  const failed = await lab.cli("deploy", "lab", "--version", "1.2.0");
  expect(failed.code, failed.output).toBe(3);
  expect(failed.output).toContain("no-such-file.mjs");
  const tried = await begun(version);
  expect(tried).toContain("orders");
  expect(tried).toContain("web");
  expect(tried).not.toContain("mail");
  const after = await lab.until("shop/lab", "one group each", ({ services }) =>
    services.every(({ groups }) => groups.length === 1),
  );
  expect(after.current).toEqual(current);
  expect(after.services.map(({ groups }) => groups[0]?.revision.label)).toEqual(Array(4).fill("1.1.0"));
  // What was never replaced goes on as the same process.
  expect((await pids()).web).toEqual(before.web);
  expect((await pids()).mail).toEqual(before.mail);
});

test("a worker that must be alone never met another one", async () => {
  await eventually("it is there", () => existsSync(alone));
  const met = existsSync(`${alone}.two`) ? readFileSync(`${alone}.two`, "utf8") : "nobody";
  expect(met).toBe("nobody");
});

test("down ends every process and keeps the history; up again runs the same", async () => {
  const before = Object.values(await pids()).flat();
  const events = (await lab.events("shop/lab")).length;
  expect(await lab.cli("down", "lab", "--yes")).toMatchObject({ code: 0 });
  await allGone(before);
  expect((await lab.events("shop/lab")).length).toBeGreaterThan(events);
  writeShop(lab, { release: "1.1.0" }, services("2"));
  expect(await lab.cli("deploy", "lab", "--version", "1.1.0")).toMatchObject({ code: 0 });
  const view = await lab.view("shop/lab");
  expect(view.current?.label).toBe("1.1.0");
  expect(view.services).toHaveLength(4);
});
