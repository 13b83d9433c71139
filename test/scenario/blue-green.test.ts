import { afterAll, expect, test } from "vitest";
import { Installation } from "./lab/installation.js";
import { CALM, customers, web, writeShop } from "./lab/shop.js";

const lab = new Installation();
afterAll(async () => expect(await lab.end()).toEqual([]));

const services = (keepOld: string) => ({
  web: web({ guards: CALM, strategy: { kind: "blue-green", smoke: ["/smoke"], observe: "1s", keepOld } }),
});
const deploy = async (release: string, keepOld: string, smokeFails = false) => {
  writeShop(lab, { release, smokeFails }, services(keepOld));
  return lab.cli("deploy", "lab", "--version", release);
};
const groupOf = async (release: string) => {
  const { services: all } = await lab.view("shop/lab");
  return all[0]?.groups.find(({ revision }) => revision.label === release);
};

test("a release whose smoke check fails is never switched to", async () => {
  expect(await deploy("1.0.0", "10m")).toMatchObject({ code: 0 });
  const load = customers((await lab.view("shop/lab")).services[0]?.url ?? "");
  try {
    const failed = await deploy("2.0.0", "10m", true);
    expect(failed.code, failed.output).toBe(3);
    expect(failed.output).toMatch(/smoke/);
    expect((await lab.view("shop/lab")).current?.label).toBe("1.0.0");
  } finally {
    const report = await load.stop();
    expect(report).toMatchObject({ failed: 0, reasons: {} });
    expect(Object.keys(report.perRelease)).toEqual(["1.0.0"]);
  }
});

test("the old group stays, and the way back to it starts no process", async () => {
  const load = customers((await lab.view("shop/lab")).services[0]?.url ?? "");
  try {
    const before = (await groupOf("1.0.0"))?.replicas.map(({ pid }) => pid);
    expect(await deploy("2.1.0", "10m")).toMatchObject({ code: 0 });
    expect(await groupOf("1.0.0")).toMatchObject({ role: "kept", weight: 0, ready: 2 });
    const back = await lab.cli("rollback", "lab", "--yes");
    expect(back.code, back.output).toBe(0);
    const after = await groupOf("1.0.0");
    expect(after).toMatchObject({ weight: 100, weightInForce: 100 });
    expect(after?.replicas.map(({ pid }) => pid)).toEqual(before);
  } finally {
    expect(await load.stop()).toMatchObject({ failed: 0, reasons: {} });
  }
});

test("the old group goes when its time is over", async () => {
  expect(await deploy("2.2.0", "2s")).toMatchObject({ code: 0 });
  const view = await lab.until(
    "shop/lab",
    "1.0.0 is gone",
    ({ services: [one] }) => one?.groups.every(({ revision }) => revision.label !== "1.0.0") ?? false,
  );
  expect(view.services[0]?.groups.find(({ role }) => role === "stable")?.revision.label).toBe("2.2.0");
  const removed = (await lab.events("shop/lab")).filter(({ type }) => type === "group.removed@1");
  expect(removed.map(({ data }) => (data as { group: string }).group)).toContain("r1");
});
