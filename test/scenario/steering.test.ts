import { afterAll, expect, test } from "vitest";
import { Installation } from "./lab/installation.js";
import { QUICK_CANARY, web, writeShop } from "./lab/shop.js";

const lab = new Installation();
afterAll(async () => expect(await lab.end()).toEqual([]));

const long = { min: "10m", max: "20m" };
const stages = [10, 20, 30].map((share) => ({ share, time: long }));
const services = { web: web({ strategy: { ...QUICK_CANARY, stages } }) };

const good = async (...words: readonly string[]) => {
  const ran = await lab.cli(...words);
  expect(ran.code, ran.output).toBe(0);
  return ran.output;
};

async function begin(release: string): Promise<void> {
  const before = (await lab.control.environments())[0]?.version ?? 0;
  writeShop(lab, { release }, services);
  await good("deploy", "lab", "--version", release, "--detach");
  await lab.untilEvent("shop/lab", before, ({ type }) => type === "stage.observing@1");
}

const stage = (number: number) =>
  lab.until("shop/lab", `stage ${number} is in force`, ({ services: [one] }) =>
    Boolean(one?.stage?.number === number && one.stage.observingSince !== null),
  );

test("a canary is led by hand: paused, resumed, moved on, and to its end", async () => {
  writeShop(lab, { release: "1.0.0" }, services);
  await good("deploy", "lab", "--version", "1.0.0");
  await begin("1.1.0");
  await good("pause", "lab", "--reason", "lunch");
  expect(await good("why", "lab")).toMatch(/paused|lunch/);
  // While it is paused, a follower in a pipe would end and say that a person is needed.
  await good("resume", "lab");
  const follower = lab.begin("status", "lab", "--follow");
  await good("advance", "lab");
  const second = await stage(2);
  expect(second.services[0]?.groups.map(({ weightInForce }) => weightInForce)).toEqual([80, 20]);
  await good("advance", "lab", "--full");
  const followed = await follower.done;
  expect(followed.code, followed.output).toBe(0);
  expect(followed.output).toContain("is done");
  expect((await lab.view("shop/lab")).current?.label).toBe("1.1.0");
});

test("a person takes one back; it is held until somebody lifts that", async () => {
  await begin("1.2.0");
  await good("abort", "lab", "--reason", "customers report empty pages");
  const followed = await lab.cli("status", "lab", "--follow");
  expect([0, 3]).toContain(followed.code);
  const back = await lab.until("shop/lab", "it is back", (view) => view.deployment?.outcome === "rolled-back");
  expect(back.current?.label).toBe("1.1.0");
  expect(back.holds.map(({ revision }) => revision.label)).toEqual(["1.2.0"]);
  expect(await good("history", "lab", "--events")).toContain("customers report empty pages");
  const held = await lab.cli("deploy", "lab", "--version", "1.2.0");
  expect(held.code).toBe(2);
  expect(held.output).toContain("revision-held");
  await good("unhold", "lab", "--reason", "it was the network");
  await good("deploy", "lab", "--version", "1.2.0", "--fast");
  expect((await lab.view("shop/lab")).current?.label).toBe("1.2.0");
});

test("a revision that is held by hand is not gone back to", async () => {
  const before = (await lab.view("shop/lab")).before?.id ?? "";
  await good("hold", "lab", "--revision", before, "--reason", "leaks memory");
  const refused = await lab.cli("rollback", "lab", "--to", before, "--yes");
  expect(refused.code, refused.output).toBe(2);
  expect(refused.output).toContain("leaks memory");
  await good("unhold", "lab", "--revision", before);
  await good("rollback", "lab", "--yes");
  expect((await lab.view("shop/lab")).current?.id).toBe(before);
});

test("another number of replicas holds through the next deployment", async () => {
  await good("scale", "web=4", "lab");
  await lab.until("shop/lab", "four replicas", ({ services: [one] }) => one?.groups[0]?.ready === 4);
  writeShop(lab, { release: "1.3.0" }, services);
  await good("deploy", "lab", "--version", "1.3.0", "--fast");
  const view = await lab.until("shop/lab", "one group", ({ services: [one] }) => one?.groups.length === 1);
  expect(view.services[0]?.groups[0]).toMatchObject({ ready: 4, revision: { label: "1.3.0" } });
  await good("scale", "web=1", "lab");
  await lab.until("shop/lab", "one replica", ({ services: [one] }) => one?.groups[0]?.replicas.length === 1);
});

test("a verb that has nothing to do says so", async () => {
  for (const verb of ["pause", "resume", "advance", "abort"]) {
    const ran = await lab.cli(verb, "lab");
    expect(ran.code, ran.output).toBe(2);
    expect(ran.output).toContain("no-deployment");
  }
});
