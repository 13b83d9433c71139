import { afterAll, beforeAll, expect, test } from "vitest";
import { createContainer, removeContainer } from "../../../src/docker/containers.js";
import { inspectImage, pullImage, pushImage, removeImage, tagImage } from "../../../src/docker/images.js";
import { storiesOn } from "../../contract/host-stories.js";
import { group, intent, traffic } from "../../contract/intents.js";
import { type DockerWorld, dockerWorld } from "./host-world.js";
import { type RigRegistry, startRegistry } from "./rig/registry.js";
import { serviceImage } from "./rig/service-image.js";

const FIXTURES = new URL("../../fixtures/services/", import.meta.url).pathname;

let world: DockerWorld;
let registry: RigRegistry;
beforeAll(async () => {
  registry = await startRegistry();
  world = await dockerWorld();
  // Until somebody wants a container, no Engine is looked for.
  await apply("shop/lab", 1, web(fixtures()));
  await ready("shop/lab", 1);
});
afterAll(async () => {
  await world?.end();
  await registry?.end();
});
const { apply, ready } = storiesOn(() => world.host);

const fixtures = (): string => {
  const run = world.run("web");
  return run.kind === "image" ? run.image : "";
};
const web = (image: string) => {
  const run = { kind: "image", image, argv: ["node", "web.mjs"] } as const;
  return intent({ web: { groups: { r1: group("r1", 1, { run }) }, traffic: traffic({ r1: 100 }) } });
};

let built = 0;
/** An image of its own, as a build without a registry leaves it: by its id, and by a tag for people. */
async function stayed(tag: string): Promise<string> {
  built += 1;
  const id = await serviceImage(world.engine, { files: { "": FIXTURES }, lines: [`LABEL built=${built}`] });
  await tagImage(world.engine, id, "localhost/shop/web", tag);
  return id;
}
/** The same in a registry; resolves with its name by digest. */
async function pushed(tag: string): Promise<string> {
  const id = await stayed(tag);
  const repository = `${registry.host}/shop/web`;
  await tagImage(world.engine, id, repository, tag);
  const reference = `${repository}@${await pushImage(world.engine, repository, tag, null)}`;
  await removeImage(world.engine, `localhost/shop/web:${tag}`);
  return reference;
}
const remove = (reference: string, ...tags: string[]) => world.host.target.removeImages([{ reference, tags }]);
const names = async (reference: string) => (await inspectImage(world.engine, reference))?.RepoTags ?? null;

test("an image that only this Engine has goes with the tags of its releases", async () => {
  const id = await stayed("1.0.0-a");
  await tagImage(world.engine, id, "localhost/shop/web", "1.0.1-b");
  expect(await remove(id, "1.0.0-a", "1.0.1-b")).toEqual([id]);
  expect(await names(id)).toBeNull();
});

test("one that was built and pushed here goes, too, and one that was fetched", async () => {
  const reference = await pushed("2.0.0-a");
  expect(await remove(reference, "2.0.0-a")).toEqual([reference]);
  expect(await names(reference)).toBeNull();
  await pullImage(world.engine, reference, null);
  expect(await remove(reference, "2.0.0-a")).toEqual([reference]);
  expect(await names(reference)).toBeNull();
});

test("what somebody else calls by a name of theirs stays", async () => {
  const id = await stayed("3.0.0-a");
  await tagImage(world.engine, id, "theirs", "latest");
  expect(await remove(id, "3.0.0-a")).toEqual([]);
  expect(await names(id)).toEqual(["theirs:latest"]);
});

test("what a container was made of stays until that is gone", async () => {
  const id = await stayed("4.0.0-a");
  const { Id } = await createContainer(world.engine, "somebodys", { Image: id });
  expect(await remove(id, "4.0.0-a")).toEqual([]);
  expect(await names(id)).not.toBeNull();
  await removeContainer(world.engine, Id);
  expect(await remove(id, "4.0.0-a")).toEqual([id]);
});

test("what is wanted stays, whatever is asked", async () => {
  expect(await remove(fixtures())).toEqual([]);
  expect(await names(fixtures())).not.toBeNull();
});

test("what is not there is none that went", async () => {
  expect(await remove(`sha256:${"0".repeat(64)}`, "1.0.0-a")).toEqual([]);
});
