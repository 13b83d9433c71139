import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { buildRelease } from "../../../src/cli/release/build.js";
import type { LoadedSpec } from "../../../src/cli/spec.js";
import { createContainer, removeContainer, startContainer, waitContainer } from "../../../src/docker/containers.js";
import type { DockerEngine } from "../../../src/docker/engine.js";
import { inspectImage, pullImage, removeImage } from "../../../src/docker/images.js";
import { containerLogs } from "../../../src/docker/logs.js";
import type { Image } from "../../../src/images/image.js";
import { readLayout } from "../../../src/images/layout.js";
import { parseReference } from "../../../src/images/reference.js";
import { pullImage as pullFromRegistry } from "../../../src/images/registry/pull.js";
import { pushImage } from "../../../src/images/registry/push.js";
import { Registry } from "../../../src/images/registry/registry.js";
import { compile } from "../../../src/spec/compile/compile.js";
import { baseLayout, loadInto } from "./rig/base-image.js";
import { type RigEngine, startEngine } from "./rig/engine.js";
import { type RigRegistry, startRegistry } from "./rig/registry.js";

/** `ada`, `rig-password`; by bcrypt. */
const HTPASSWD = "ada:$2y$05$abcdefghijklmnopqrstuuJ7B/9Nk938PDuBgK5HMSPBpqEnQgHeW";
const AUTH = Buffer.from("ada:rig-password").toString("base64");

let room: string;
let rig: RigEngine;
let engine: DockerEngine;
let registry: RigRegistry;
let closed: RigRegistry;
let base: Image;
/** The spec's directory of one story. */
let project: string;
let projects = 0;

beforeAll(async () => {
  room = await mkdtemp(path.join(os.tmpdir(), "wl-images-"));
  [rig, registry, closed] = await Promise.all([startEngine(), startRegistry(), startRegistry({ htpasswd: HTPASSWD })]);
  engine = await rig.open();
  base = await baseLayout(path.join(room, "base"));
  await loadInto(engine, base, "rig-base:1");
  const docker = { auths: { [closed.host]: { auth: AUTH } } };
  await writeFile(path.join(room, "config.json"), JSON.stringify(docker));
});

afterAll(async () => {
  await engine?.close();
  await Promise.all([rig?.end(), registry?.end(), closed?.end()]);
  await rm(room, { recursive: true, force: true });
});

const SERVER = 'console.log(JSON.stringify([process.getuid(), process.cwd(), require("./lib/answer.js")]))';

beforeEach(async () => {
  projects += 1;
  project = path.join(room, `project-${projects}`);
  await mkdir(path.join(project, "lib"), { recursive: true });
  await writeFile(path.join(project, "server.js"), SERVER);
  await writeFile(path.join(project, "lib", "answer.js"), "module.exports = 42;\n");
  await symlink(path.join(room, "base"), path.join(project, "base"));
});

const FILES = { command: ["node", "server.js"], base: "base", source: { directory: ".", exclude: ["base", "images"] } };

/** What `windlass build` and `deploy` do, up to the control plane. */
async function build(service: object, environment: object, notes: string[] = []) {
  const written = { name: "shop", services: { api: service }, environments: { lab: environment } };
  const { system, digest, problems } = compile(written);
  const lab = system?.environments.lab;
  if (system === undefined || lab === undefined) throw new Error(JSON.stringify(problems));
  const spec: LoadedSpec = { file: "windlass.system.yaml", directory: project, system, digest };
  const env = { DOCKER_HOST: rig.host, DOCKER_CONFIG: room, PATH: process.env.PATH };
  return buildRelease(spec, lab, "1.0.0+rig", { env, note: (line) => notes.push(line) });
}

const inRegistry = ({ host }: RigRegistry) => ({
  runner: "docker",
  registry: { prefix: `${host}/shop`, insecure: true },
});

async function published(service: object, environment: object) {
  const built = await build(service, environment);
  try {
    const planned = built.release.images?.api;
    const release = await built.publish();
    return { planned, image: release.images?.api ?? "", release };
  } finally {
    await built.packed.remove();
  }
}

/** What a container of the image prints. */
async function run(image: string): Promise<string> {
  const { Id } = await createContainer(engine, `run-${projects}`, {
    Image: image,
    HostConfig: { NetworkMode: "none", ReadonlyRootfs: true, CapDrop: ["ALL"], SecurityOpt: ["no-new-privileges"] },
  });
  try {
    await startContainer(engine, Id);
    const code = await waitContainer(engine, Id, 60_000);
    const lines: string[] = [];
    for await (const { text } of containerLogs(engine, Id, { tail: 20, follow: false }, AbortSignal.timeout(60_000)))
      lines.push(text);
    return `${lines.join("\n")} -> ${code}`;
  } finally {
    await removeContainer(engine, Id);
  }
}

describe("an image of a service's files", () => {
  it("has its digest before it is pushed, again after a day, and runs as nobody where the Engine pulls it", async () => {
    const { planned, image, release } = await published(FILES, inRegistry(registry));
    expect(image).toMatch(new RegExp(`^${registry.host}/shop/api@sha256:[0-9a-f]{64}$`));
    expect(planned).toBe(image);
    expect(release.artefacts).toEqual({});
    expect((await published(FILES, inRegistry(registry))).release).toEqual(release);
    await pullImage(engine, image, null);
    expect(await run(image)).toBe('[65532,"/app",42] -> 0');
    await removeImage(engine, image, true);
  });

  it("is another image when a file is another one", async () => {
    const first = await published(FILES, inRegistry(registry));
    await writeFile(path.join(project, "lib", "answer.js"), "module.exports = 43;\n");
    const second = await published(FILES, inRegistry(registry));
    expect(second.image).not.toBe(first.image);
    expect(second.release.digest).not.toBe(first.release.digest);
  });

  it("takes its base from a registry, which mounts it instead of getting its bytes again", async () => {
    const client = new Registry(registry.host, { credentials: async () => null, insecure: true });
    await pushImage(client, "base/node", base, "20");
    const pulled = await pullFromRegistry(client, parseReference(`${registry.host}/base/node:20`));
    expect(await pushImage(client, "mounted/node", pulled, "20")).toEqual({
      uploaded: 0,
      mounted: base.layers.reduce((sum, { descriptor }) => sum + descriptor.size, base.config.length),
      present: 0,
    });
    await client.close();
    const fromLayout = await published(FILES, inRegistry(registry));
    const service = { ...FILES, base: `${registry.host}/base/node:20` };
    const environment = { runner: "docker", registry: { prefix: `${registry.host}/other`, insecure: true } };
    const fromRegistry = await published(service, environment);
    // One content, one digest, wherever the base came from.
    expect(fromRegistry.image.split("@")[1]).toBe(fromLayout.image.split("@")[1]);
  });

  it("stays in the Engine when there is no registry, by the Engine's own id", async () => {
    const { planned, image } = await published(FILES, { runner: "docker" });
    expect(image).toMatch(/^sha256:/);
    expect(planned).toBe(image);
    expect((await inspectImage(engine, image))?.RepoTags).toEqual(["localhost/shop/api:1.0.0-rig"]);
    expect(await run(image)).toBe('[65532,"/app",42] -> 0');
    expect((await published(FILES, { runner: "docker" })).image).toBe(image);
  });

  it("is written as a layout", async () => {
    const built = await build(FILES, inRegistry(registry));
    const out = path.join(project, "images", "api");
    await built.images.made.get("api")?.write(out, "1.0.0");
    await built.packed.remove();
    expect((await readdir(out)).sort()).toEqual(["blobs", "index.json", "oci-layout"]);
    expect(built.release.images?.api).toContain((await readLayout(out)).digest);
  });

  it("is pushed where credentials are wanted, and refused without them in words that have none of them", async () => {
    expect((await published(FILES, inRegistry(closed))).image).toContain(`${closed.host}/shop/api@sha256:`);
    await writeFile(path.join(room, "config.json"), "{}");
    const error = await published(FILES, inRegistry(closed)).catch((each: unknown) => each);
    await writeFile(path.join(room, "config.json"), JSON.stringify({ auths: { [closed.host]: { auth: AUTH } } }));
    expect(error).toMatchObject({ code: "registry-denied" });
  });
});

const DOCKERFILE = `
FROM rig-base:1 AS build
WORKDIR /src
COPY . .
RUN ["node", "-e", "require('node:fs').writeFileSync('lib/answer.js', 'module.exports = \\"built\\"')"]

FROM rig-base:1
COPY --from=build /src /app
WORKDIR /app
USER 10001:10001
HEALTHCHECK --interval=1s CMD ["node", "-e", "process.exit(0)"]
ENTRYPOINT ["/usr/bin/tini", "--"]
CMD ["node", "server.js"]
`;

describe("an image of a Dockerfile", () => {
  beforeEach(async () => {
    await writeFile(path.join(project, "Dockerfile"), DOCKERFILE);
    await writeFile(path.join(project, ".dockerignore"), "base\nimages\nDockerfile\n.dockerignore\n");
  });
  const service = (stage?: string) => ({
    command: ["node", "server.js"],
    source: { directory: ".", exclude: ["base"] },
    dockerfile: { file: "Dockerfile", ...(stage === undefined ? {} : { stage }) },
  });

  it("of several stages is built, pushed, and named by the digest that the registry has it under", async () => {
    const first = await published(service(), inRegistry(registry));
    expect(first.planned).toMatch(/^sha256:/);
    expect(first.image).toMatch(new RegExp(`^${registry.host}/shop/api@sha256:[0-9a-f]{64}$`));
    expect((await inspectImage(engine, first.image))?.Config).toMatchObject({
      User: "10001:10001",
      Entrypoint: ["/usr/bin/tini", "--"],
      Healthcheck: { Test: ["CMD", "node", "-e", "process.exit(0)"] },
    });
    await removeImage(engine, first.image, true);
    await pullImage(engine, first.image, null);
    expect(await run(first.image)).toBe('[10001,"/app","built"] -> 0');
    // Pushed once, its digest is known before the next push.
    expect(await published(service(), inRegistry(registry))).toEqual({ ...first, planned: first.image });
  });

  it("is pushed by the Engine with the credentials for it", async () => {
    expect((await published(service(), inRegistry(closed))).image).toContain(`${closed.host}/shop/api@sha256:`);
  });

  it("stays in the Engine when there is no registry", async () => {
    const { image } = await published(service(), { runner: "docker" });
    expect(await run(image)).toBe('[10001,"/app","built"] -> 0');
  });

  it("is written as a layout, which an Engine takes as what it was", async () => {
    const built = await build(service(), inRegistry(registry));
    const out = path.join(project, "images", "api");
    await built.images.made.get("api")?.write(out, "1.0.0");
    await built.packed.remove();
    const image = await readLayout(out);
    const id = await loadInto(engine, image, "from-layout:1").then(() => inspectImage(engine, "from-layout:1"));
    expect(id?.Id).toBe(image.configDescriptor.digest);
    expect(await run("from-layout:1")).toBe('[10001,"/app","built"] -> 0');
  });

  it("that fails says how, with the Engine's last lines", async () => {
    const notes: string[] = [];
    const checked = DOCKERFILE.replace(
      "FROM rig-base:1\n",
      'FROM build AS test\nRUN ["node", "-e", "process.exit(7)"]\n\nFROM rig-base:1\n',
    );
    await writeFile(path.join(project, "Dockerfile"), checked);
    await expect(build(service("test"), { runner: "docker" }, notes)).rejects.toMatchObject({
      code: "docker-build-failed",
      message: expect.stringContaining("returned a non-zero code: 7"),
      hint: expect.stringContaining("process.exit(7)"),
      facts: { exitCode: 7 },
    });
    expect(notes[0]).toBe("building the image of api (Dockerfile)");
    expect(notes.some((line) => line.startsWith("api: Step 1/"))).toBe(true);
  });

  it("may lie outside of its context, and then is in no image", async () => {
    await writeFile(
      path.join(project, "..", `Dockerfile-${projects}`),
      DOCKERFILE.replace(
        "RUN",
        "RUN [\"node\", \"-e\", \"require('node:fs').readdirSync('.').forEach((name) => name.startsWith('.') && process.exit(9))\"]\nRUN",
      ),
    );
    const outside = { ...service(), dockerfile: { file: `../Dockerfile-${projects}`, context: "." } };
    await rm(path.join(project, ".dockerignore"));
    await rm(path.join(project, "base"));
    const { image } = await published(outside, { runner: "docker" });
    expect(await run(image)).toBe('[10001,"/app","built"] -> 0');
  });
});

describe("an image that somebody else made", () => {
  it("is named by the digest that its tag has now", async () => {
    const client = new Registry(registry.host, { credentials: async () => null, insecure: true });
    await pushImage(client, "tools/redis", base, "7");
    await client.close();
    const service = { image: `${registry.host}/tools/redis:7`, port: 6379 };
    expect((await published(service, inRegistry(registry))).image).toBe(`${registry.host}/tools/redis@${base.digest}`);
    const pinned = { ...service, image: `${registry.host}/tools/redis@${base.digest}` };
    expect((await published(pinned, inRegistry(registry))).release).not.toHaveProperty("images");
    await expect(
      published({ ...service, image: `${registry.host}/tools/redis:8` }, inRegistry(registry)),
    ).rejects.toMatchObject({
      code: "image-unresolved",
    });
  });

  it("is what the Engine has, where it has it", async () => {
    const { image } = await published({ image: "rig-base:1", port: 80 }, { runner: "docker" });
    expect(image).toBe((await inspectImage(engine, "rig-base:1"))?.Id);
  });
});
