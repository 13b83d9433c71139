import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { manifestOf } from "../../src/cli/verbs/render/manifest.js";
import { kubernetesObjects } from "../../src/render/kubernetes/build.js";
import { CANARY, SETTLED } from "../fixtures/intents/cluster.js";
import { expectGolden } from "./golden.js";
import { resting } from "./views.js";
import { World } from "./world.js";

/** A shop on a cluster, settled. */
function deployedWorld(): World {
  const world = new World();
  world.plane.views = [resting()];
  world.plane.intents["shop/production"] = SETTLED;
  return world;
}

const applied = (intent = SETTLED) => kubernetesObjects({ environment: "shop/production", intent, secrets: null });

test("a folder gets what is applied, object by object, and no secret's value", async () => {
  const world = deployedWorld();
  const ran = await world.run("render", "kubernetes", "production", "--output", "deploy/production");
  expect(ran).toMatchObject({ code: 0, err: "" });
  expectGolden("render kubernetes", ran.out);
  const folder = path.join(world.cwd, "deploy", "production");
  const files = readdirSync(folder).filter((name) => name.endsWith(".yaml"));
  const read = files.map((name) => JSON.stringify(parse(readFileSync(path.join(folder, name), "utf8"))));
  expect(read.sort()).toEqual(
    applied()
      .map((object) => JSON.stringify(object))
      .sort(),
  );
  expect(readFileSync(path.join(folder, "README.md"), "utf8")).toContain("`DATABASE_URL`, `JWT_KEY`");
});

test("rendered again it is the same bytes; what is no longer needed goes, what is not ours stays", async () => {
  const world = deployedWorld();
  const folder = path.join(world.cwd, "deploy");
  const snapshot = () => readdirSync(folder).map((name) => [name, readFileSync(path.join(folder, name), "utf8")]);
  await world.run("render", "kubernetes", "--output", "deploy");
  const before = snapshot();
  await world.run("render", "kubernetes", "--output", "deploy");
  expect(snapshot()).toEqual(before);

  writeFileSync(path.join(folder, "kustomization.yaml"), "resources: []\n");
  world.plane.intents["shop/production"] = { ...SETTLED, services: { mailer: SETTLED.services.mailer ?? never() } };
  const { out } = await world.run("render", "kubernetes", "--output", "deploy");
  expect(out).toContain("old files removed");
  expect(readdirSync(folder).filter((name) => name.includes("web"))).toEqual([]);
  expect(existsSync(path.join(folder, "kustomization.yaml"))).toBe(true);
});

test("a file that somebody wrote is not replaced, and nothing else is written", async () => {
  const world = deployedWorld();
  mkdirSync(path.join(world.cwd, "deploy"), { recursive: true });
  writeFileSync(path.join(world.cwd, "deploy", "service-web.yaml"), "kind: Service\n");
  const ran = await world.run("render", "kubernetes", "--output", "deploy");
  expect(ran.code).toBe(2);
  expect(ran.err).toContain("not of an earlier rendering");
  expect(readdirSync(path.join(world.cwd, "deploy"))).toEqual(["service-web.yaml"]);
});

test("without a folder it is printed, in the order of application; as JSON, what is sent", async () => {
  const world = deployedWorld();
  const { out, err } = await world.run("render", "kubernetes");
  expect(parseAllDocuments(out).map((document) => document.toJS())).toEqual(applied());
  expect(err).toContain("Not rendered: Secret web-");
  const lines = (await world.run("render", "kubernetes", "--json")).out.trimEnd().split("\n");
  expect(lines).toEqual(applied().map((object) => JSON.stringify(object)));
});

test("in the middle of a deployment it says so", async () => {
  const world = deployedWorld();
  const deployment = {
    id: "d2",
    kind: "deploy" as const,
    from: null,
    to: { id: "r4", label: "1.4.0" },
    by: "ada",
    reason: null,
    startedAt: 0,
    finishedAt: null,
    outcome: null,
    goingBack: false,
    cause: null,
    paused: null,
  };
  world.plane.views = [resting({ deployment })];
  world.plane.intents["shop/production"] = CANARY;
  expect((await world.run("render", "kubernetes")).err).toContain("is going on");
});

const SPEC = `
name: shop
services:
  web:
    image: { name: "registry.example/web@sha256:${"1".repeat(64)}" }
    port: 8080
    environment: { MODE: "yes" }
environments:
  production: { target: kubernetes }
  staging: {}
`;

test("where nothing was deployed, it is what a first deployment of the spec comes to; with --spec nobody is asked", async () => {
  const world = new World();
  writeFileSync(path.join(world.cwd, "windlass.system.yaml"), SPEC);
  const first = await world.run("render", "kubernetes", "production");
  expect(first).toMatchObject({ code: 0, err: "" });
  expect(first.out).toContain("windlass.dev/group: r1");
  expect(first.out).toContain('MODE: "yes"');
  const connections = world.connections;
  expect((await world.run("render", "kubernetes", "production", "--spec")).out).toBe(first.out);
  expect(world.connections).toBe(connections);
});

test("an environment of a host has no objects", async () => {
  const world = new World();
  writeFileSync(path.join(world.cwd, "windlass.system.yaml"), SPEC);
  const ran = await world.run("render", "kubernetes", "staging", "--spec");
  expect(ran.code).toBe(2);
  expect(ran.err).toContain("does not run on Kubernetes");
});

test("a text is the same text for tools that read YAML by the rules of 1.1", () => {
  const [namespace] = applied();
  if (namespace === undefined) return never();
  const texts = fc.oneof(
    fc.constantFrom(
      "yes",
      "on",
      "~",
      "0755",
      "0o7",
      "12:30:00",
      "1e3",
      "1_000",
      "2026-11-21",
      ".inf",
      "=",
      "<<",
      "- a",
      "# x",
    ),
    fc.string(),
  );
  fc.assert(
    fc.property(texts, (value) => {
      const object = { ...namespace, data: { value } };
      for (const version of ["1.1", "1.2"] as const)
        expect(parse(manifestOf(object).text, { version })).toEqual(object);
    }),
    { seed: 3 },
  );
});

function never(): never {
  throw new Error("the example has changed");
}
