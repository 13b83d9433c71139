import { mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { imageOf } from "../../src/images/assemble.js";
import { thisPlatform } from "../../src/images/descriptor.js";
import { readLayout, writeLayout } from "../../src/images/layout.js";
import { FakeRegistry } from "../images/fake-registry.js";
import { World } from "./world.js";

let here: World;

/** A spec whose api is made of its files on a base without any, `registry` or none. */
beforeEach(async () => {
  here = new World();
  here.env = { DOCKER_HOST: `unix://${path.join(here.directory, "no.sock")}`, HOME: here.directory };
  writeFileSync(path.join(here.cwd, "server.js"), "1;\n");
  await writeLayout(
    path.join(here.cwd, "base"),
    imageOf({ ...thisPlatform(), rootfs: { type: "layers", diff_ids: [] } }, []),
    "base",
  );
  spec({ registry: "registry.example.com/shop" });
});

function spec(environment: object, service: object = { command: "node server.js", base: "base" }): void {
  const api = { port: 8080, source: { directory: ".", exclude: ["base", "out", "*.yaml"] }, ...service };
  const written = { name: "shop", services: { api }, environments: { lab: { runner: "docker", ...environment } } };
  writeFileSync(path.join(here.cwd, "windlass.system.yaml"), JSON.stringify(written));
}

test("build says which image each service has, by digest, before anything is pushed", async () => {
  const ran = await here.run("build", "lab", "--no-push", "--version", "1.0.0");
  expect(ran.err).toBe("");
  expect(ran.code).toBe(0);
  expect(ran.out).toMatch(
    /^api {2}registry\.example\.com\/shop\/api@sha256:[0-9a-f]{64}\n\nNext: `windlass deploy lab`\n$/,
  );
  const json = await here.run("build", "lab", "--no-push", "--json");
  expect(JSON.parse(json.out)).toMatchObject({ kind: "images", environment: "lab", published: false, written: null });
  expect(json.out).toContain(/api@sha256:[0-9a-f]{64}/.exec(ran.out)?.[0]);
});

test("build writes OCI layouts instead of pushing", async () => {
  const ran = await here.run("build", "lab", "--output", "out");
  expect(ran.code).toBe(0);
  expect(ran.out).toContain("Written to /work/project/out.");
  expect(readdirSync(path.join(here.cwd, "out"))).toEqual(["api"]);
  const { digest, layers } = await readLayout(path.join(here.cwd, "out", "api"));
  expect(ran.out).toContain(digest);
  expect(layers).toHaveLength(1);
});

test("the plan's release is the one that is deployed, its image is pushed, and its files are uploaded nowhere", async () => {
  const registry = new FakeRegistry();
  await registry.listen();
  onTestFinished(() => registry.close());
  spec({ registry: { prefix: `${registry.host}/shop`, insecure: true } });
  here.plane.outcome = { kind: "accepted", events: [], deployment: null, note: "nothing changed" };
  await here.run("plan", "lab", "--no-detection");
  expect(registry.seen).toEqual([]);
  const ran = await here.run("deploy", "lab", "--detach");
  expect(ran.err).toBe("pushing the image of api\n");
  const [command] = here.plane.commands.map(({ envelope }) => envelope.command);
  const [planned] = here.plane.releases;
  expect(command).toMatchObject({ kind: "deploy", release: planned });
  const [, digest = ""] = planned?.images?.api?.split("@") ?? [];
  expect([...registry.manifests.keys()]).toEqual([`shop/api/${digest}`, `shop/api/${planned?.label}`]);
  expect(here.plane.uploads.size).toBe(0);
});

test("nothing is deployed when its image cannot be put where it is run from", async () => {
  spec({});
  const ran = await here.run("deploy", "lab");
  expect(ran.err).toContain("no Docker Engine answers on /work/no.sock");
  expect(here.plane.commands).toEqual([]);
});

test("what cannot be made is said, with what to do", async () => {
  rmSync(path.join(here.cwd, "base"), { recursive: true });
  mkdirSync(path.join(here.cwd, "base"));
  writeFileSync(path.join(here.cwd, "base", "index.json"), "{");
  const damaged = await here.run("build", "lab", "--no-push");
  expect(damaged).toMatchObject({ code: 2, err: expect.stringContaining("index.json is not JSON") });
  spec({}, { command: "node server.js", dockerfile: "Dockerfile" });
  writeFileSync(path.join(here.cwd, "Dockerfile"), "FROM scratch\n");
  const noEngine = await here.run("build", "lab");
  expect(noEngine.err).toContain("building the image of api (Dockerfile)");
  expect(noEngine.err).toContain("DOCKER_HOST");
  expect(noEngine.code).toBe(4);
  here.env = { ...here.env, DOCKER_HOST: "tcp://127.0.0.1:2375" };
  expect((await here.run("build", "lab")).err).toContain("DOCKER_HOST does not name a Unix socket.");
});

test("a link that leads out of the files is refused, and nothing is left behind", async () => {
  symlinkSync("/etc/passwd", path.join(here.cwd, "outside"));
  expect(await here.run("build", "lab", "--no-push")).toMatchObject({ code: 2, out: "" });
});

test("processes have no images", async () => {
  spec({ runner: "process" });
  const ran = await here.run("build", "lab");
  expect(ran).toMatchObject({ code: 0, out: expect.stringContaining("No service of lab is run from an image") });
});
