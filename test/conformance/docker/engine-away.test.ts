import { afterAll, beforeAll, expect, test } from "vitest";
import type { Workload } from "../../../src/core/model/intent.js";
import { listContainers } from "../../../src/docker/containers.js";
import { labelled } from "../../../src/docker/filters.js";
import { LABEL } from "../../../src/targets/host/container/names.js";
import { eventually } from "../../contract/host.js";
import { storiesOn } from "../../contract/host-stories.js";
import { group, intent, traffic } from "../../contract/intents.js";
import { type DockerWorld, dockerWorld } from "./host-world.js";

let world: DockerWorld;
beforeAll(async () => {
  world = await dockerWorld();
});
afterAll(() => world.end());
const { apply, ready, groupOf, portOf, ask } = storiesOn(() => world.host);

const liveness = {
  action: { kind: "http", path: "/ready" },
  delayMs: 0,
  periodMs: 300,
  timeoutMs: 2_000,
  // The start of a service on a busy machine fits into it, the Engine's absence below does not.
  failures: 20,
  successes: 1,
} as const;

const web = (count: number, changes: Partial<Workload> = {}) =>
  intent({
    web: { groups: { r1: group("r1", count, { run: world.run("web"), ...changes }) }, traffic: traffic({ r1: 100 }) },
  });

async function ids(environment: string): Promise<string[]> {
  const found = await listContainers(world.engine, labelled({ [LABEL.environment]: environment }));
  return found.map(({ Id }) => Id).sort();
}

test("while the Engine is away that is said, nothing is a crash loop, and afterwards all is as it was", async () => {
  await apply("shop/away", 1, web(2, { probes: { startup: null, liveness, readiness: null } }));
  await ready("shop/away", 2);
  const made = await ids("shop/away");
  await world.rig.stop();
  const seen = await eventually(async () => {
    const now = await groupOf("shop/away");
    return now?.problem != null && now;
  }, "there is a problem");
  expect(seen.problem).toContain(`no Docker Engine answers on ${world.rig.socket}`);
  expect(seen.replicas.map(({ crashLoop }) => crashLoop)).toEqual([false, false]);
  expect((await world.host.target.facts()).docker).toMatchObject({ ok: false });
  // What is wanted meanwhile comes when the Engine does.
  await apply("shop/late", 1, web(1));
  await world.rig.run();
  // They ended with the Engine.
  await eventually(
    async () => (await groupOf("shop/away"))?.replicas.every(({ restarts }) => restarts > 0),
    "it is known that they ended",
  );
  const back = await ready("shop/away", 2);
  expect(await ids("shop/away")).toEqual(made);
  expect(back.map(({ crashLoop }) => crashLoop)).toEqual([false, false]);
  expect(back[0]?.lastExit?.message).toContain("with the Docker Engine");
  expect((await groupOf("shop/away"))?.problem).toBeNull();
  await ready("shop/late", 1);
  expect(await ask(await portOf("shop/away"))).toMatchObject({ release: "1.0.0-r1" });
  expect((await world.host.target.facts()).docker).toMatchObject({ ok: true });
});

test("what is told to go while the Engine is away goes when it is back", async () => {
  await apply("shop/going", 1, web(1));
  await ready("shop/going", 1);
  await world.rig.stop();
  await apply("shop/going", 2, intent({}));
  await world.rig.run();
  await eventually(async () => (await groupOf("shop/going")) === undefined, "it is gone");
  expect(await ids("shop/going")).toEqual([]);
});

test("an Engine that is killed, and forgets to start what it had, is told to", async () => {
  await apply("shop/killed", 1, web(2));
  await ready("shop/killed", 2);
  await world.rig.kill();
  await eventually(async () => (await groupOf("shop/killed"))?.problem != null, "there is a problem");
  await world.rig.run();
  await eventually(async () => (await groupOf("shop/killed"))?.problem === null, "the problem is over");
  const back = await ready("shop/killed", 2);
  expect(back.map(({ crashLoop }) => crashLoop)).toEqual([false, false]);
  expect(await ids("shop/killed")).toHaveLength(2);
  expect(await ask(await portOf("shop/killed"))).toMatchObject({ release: "1.0.0-r1" });
});
