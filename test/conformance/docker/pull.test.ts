import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Workload } from "../../../src/core/model/intent.js";
import { inspectImage, pushImage, removeImage, tagImage } from "../../../src/docker/images.js";
import { eventually } from "../../contract/host.js";
import { storiesOn } from "../../contract/host-stories.js";
import { group, intent, traffic } from "../../contract/intents.js";
import { type DockerWorld, dockerWorld } from "./host-world.js";
import { type RigRegistry, startRegistry } from "./rig/registry.js";

// htpasswd -nbB shop s3cret-word
const HTPASSWD = "shop:$2y$05$x5k58kXhSGPcOp9U0v.ZbO7JiG7u/tWr00Zfh7jk4GdBIdw5utDOi";

let world: DockerWorld;
let open: RigRegistry;
let closed: RigRegistry;
let config: string;

beforeAll(async () => {
  [open, closed] = await Promise.all([startRegistry(), startRegistry({ htpasswd: HTPASSWD })]);
  config = mkdtempSync(path.join(os.tmpdir(), "wl-docker-config-"));
  process.env.DOCKER_CONFIG = config;
  world = await dockerWorld();
});
afterAll(async () => {
  await world?.end();
  await Promise.all([open?.end(), closed?.end()]);
  rmSync(config, { recursive: true, force: true });
});
const { apply, ready, groupOf, portOf, ask } = storiesOn(() => world.host);

const AUTH = { username: "shop", password: "s3cret-word" };

function logIn(): void {
  const auth = Buffer.from(`${AUTH.username}:${AUTH.password}`).toString("base64");
  writeFileSync(path.join(config, "config.json"), JSON.stringify({ auths: { [closed.host]: { auth } } }));
}

/** Pushes the image of the fixtures and takes it from the Engine; resolves with its name by digest. */
async function pushed(registry: RigRegistry, name: string): Promise<string> {
  const { engine } = world;
  const run = world.run("web");
  const id = run.kind === "image" ? run.image : "";
  const repository = `${registry.host}/${name}`;
  await tagImage(engine, id, repository, "1");
  const auth = registry === closed ? { serveraddress: registry.host, ...AUTH } : null;
  const digest = await pushImage(engine, repository, "1", auth);
  const reference = `${repository}@${digest}`;
  for (const one of [`${repository}:1`, reference]) await removeImage(engine, one);
  return reference;
}

const web = (image: string, changes: Partial<Workload> = {}) => {
  const run = { kind: "image", image, argv: ["node", "web.mjs"] } as const;
  return intent({ web: { groups: { r1: group("r1", 2, { run, ...changes }) }, traffic: traffic({ r1: 100 }) } });
};
const problem = (environment: string): Promise<string> =>
  eventually(async () => (await groupOf(environment))?.problem, "it has a problem");

test("an image that the Engine does not have is fetched by its digest", async () => {
  const reference = await pushed(open, "shop/web");
  expect(await inspectImage(world.engine, reference)).toBeNull();
  await apply("shop/pull", 1, web(reference));
  await ready("shop/pull", 2);
  expect(await ask(await portOf("shop/pull"))).toMatchObject({ release: "1.0.0-r1" });
});

test("one that is nowhere is a problem at once", async () => {
  await apply("shop/nowhere", 1, web(`${open.host}/shop/web@sha256:${"0".repeat(64)}`));
  expect(await problem("shop/nowhere")).toContain("host-image-missing");
  await apply("shop/local", 1, web(`sha256:${"1".repeat(64)}`));
  expect(await problem("shop/local")).toContain("give the environment a registry");
  await apply("shop/nowhere", 2, intent({}));
  await apply("shop/local", 2, intent({}));
});

test("a registry that wants to know who asks is told what docker login has kept", async () => {
  const reference = await pushed(closed, "shop/web");
  await apply("shop/closed", 1, web(reference));
  const said = await problem("shop/closed");
  expect(said).toContain("host-image-unauthorized");
  expect(said).toContain("docker login");
  logIn();
  await ready("shop/closed", 2);
  expect((await groupOf("shop/closed"))?.problem).toBeNull();
});

test("a resource on this machine's loopback is a problem, one that listens on the network's address is reached", async () => {
  const reference = await pushed(open, "shop/web");
  const server = net.createServer((socket) => socket.end()).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as net.AddressInfo;
  const resources = {
    cache: { name: "cache", kind: "redis", source: { kind: "local", url: `redis://127.0.0.1:${port}` } },
  } as const;
  const uses = [{ resource: "cache", variable: "CACHE_URL" }];
  await apply("shop/uses", 1, { ...web(reference, { uses }), resources });
  expect(await problem("shop/uses")).toContain("host-container-loopback");
  await new Promise((resolve) => server.close(resolve));
  const everywhere = net.createServer((socket) => socket.end()).listen(port, "0.0.0.0");
  try {
    await ready("shop/uses", 2);
    const { CACHE_URL = "" } = await ask(await portOf("shop/uses"), "/environment");
    expect(CACHE_URL).toMatch(new RegExp(`^redis://10\\.[0-9.]+:${port}`));
  } finally {
    await new Promise((resolve) => everywhere.close(resolve));
  }
});
