import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { extract } from "tar-stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { packDirectory } from "../archive/pack.js";
import { assemble, imageOf } from "./assemble.js";
import { type ImageConfig, OCI } from "./descriptor.js";
import { digestOfBytes } from "./digest.js";
import { dockerArchive } from "./docker-archive.js";
import type { Image } from "./image.js";
import { layerOf } from "./layer.js";
import { fileBlob, isLayout, readLayout, writeLayout } from "./layout.js";
import { readSaved } from "./saved.js";
import { tarOf } from "./tar.js";

let room: string;

beforeEach(async () => {
  room = await mkdtemp(path.join(os.tmpdir(), "windlass-images-"));
});

afterEach(() => rm(room, { recursive: true, force: true }));

/** A base of one small layer, written as a layout. */
async function base(config: ImageConfig["config"] = { Env: ["PATH=/bin"], User: "root" }): Promise<Image> {
  const file = path.join(room, "base.tar");
  const bytes = Buffer.from("the base's files");
  await writeFile(file, bytes);
  const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
  const image = imageOf(
    { os: "linux", architecture: "amd64", config, rootfs: { type: "layers", diff_ids: [digest] } },
    [fileBlob(file, { mediaType: OCI.layer, digest, size: bytes.length })],
  );
  await writeLayout(path.join(room, "base"), image, "base");
  return readLayout(path.join(room, "base"), { os: "linux", architecture: "amd64" });
}

async function filesLayer(name: string) {
  const source = path.join(room, "source");
  await mkdir(path.join(source, "lib"), { recursive: true });
  await writeFile(path.join(source, "server.js"), "1;\n");
  // A name of more than 100 bytes needs a header of its own in a tar.
  await writeFile(path.join(source, "lib", `${"long".repeat(40)}.js`), "2;\n");
  const archive = path.join(room, "archive.tar");
  await packDirectory(source, archive);
  return layerOf(archive, path.join(room, name), "app");
}

async function members(file: AsyncIterable<Buffer>): Promise<readonly string[]> {
  const names: string[] = [];
  const read = extract();
  read.on("entry", ({ name, uid, mode }, stream, next) => {
    names.push(`${name} ${uid} ${mode?.toString(8)}`);
    stream.on("end", next).resume();
  });
  for await (const chunk of file) read.write(chunk);
  await new Promise((resolve) => read.end(resolve));
  return names;
}

const RUN = { argv: ["node", "server.js"], workingDirectory: "/app" };

describe("an image of a release's files", () => {
  it("has the same digest for the same input, and another one for another command", async () => {
    const from = await base();
    const first = assemble(from, await filesLayer("one.tar"), RUN);
    const second = assemble(from, await filesLayer("two.tar"), RUN);
    expect(second.digest).toBe(first.digest);
    expect(assemble(from, await filesLayer("three.tar"), { ...RUN, argv: ["node", "other.js"] }).digest).not.toBe(
      first.digest,
    );
    // Pinned: another digest for the same input would restart every service at the next deployment.
    expect(first.digest).toBe("sha256:a34525f5f81f337865cafa53595b6c85e5568dbeb30d9420f142a52e5d2f7954");
  });

  it("keeps what the base says, runs in /app, and never as root", async () => {
    const settings = async (config: ImageConfig["config"]) => {
      const image = assemble(await base(config), await filesLayer("layer.tar"), RUN);
      return (JSON.parse(image.config.toString()) as ImageConfig).config;
    };
    expect(await settings({ Env: ["PATH=/bin"], Entrypoint: ["/tini", "--"], Cmd: ["sh"], User: "root" })).toEqual({
      Env: ["PATH=/bin"],
      Entrypoint: ["/tini", "--"],
      Cmd: ["node", "server.js"],
      WorkingDir: "/app",
      User: "65532:65532",
    });
    for (const user of ["0", "0:0", "node", ""]) expect((await settings({ User: user }))?.User).toBe("65532:65532");
    for (const user of ["1000", "1000:1000"]) expect((await settings({ User: user }))?.User).toBe(user);
  });

  it("has the files under /app, owned by root and without times", async () => {
    const layer = await filesLayer("layer.tar");
    expect(await members(await layer.open())).toEqual([
      "app/ 0 755",
      "app/lib/ 0 755",
      `app/lib/${"long".repeat(40)}.js 0 644`,
      "app/server.js 0 644",
    ]);
  });

  it("takes a base of Docker's own media types", async () => {
    const from = await base();
    const docker = "application/vnd.docker.image.rootfs.diff.tar.gzip";
    const layers = from.layers.map((layer) => ({ ...layer, descriptor: { ...layer.descriptor, mediaType: docker } }));
    const image = assemble({ ...from, layers }, await filesLayer("layer.tar"), RUN);
    expect(image.layers.map(({ descriptor }) => descriptor.mediaType)).toEqual([`${OCI.layer}+gzip`, OCI.layer]);
  });
});

describe("an OCI layout", () => {
  it("is read back as it was written, and writing it again changes nothing", async () => {
    const image = assemble(await base(), await filesLayer("layer.tar"), RUN);
    const out = path.join(room, "out");
    expect(await isLayout(out)).toBe(false);
    await writeLayout(out, image, "api");
    await writeLayout(out, image, "api");
    expect(await isLayout(out)).toBe(true);
    expect(await readdir(path.join(out, "blobs", "sha256"))).toHaveLength(4);
    const again = await readLayout(out);
    expect(again.digest).toBe(image.digest);
    expect(again.config).toEqual(image.config);
  });

  it("takes the image of the platform out of an index, and says which ones there are", async () => {
    const from = await base();
    const directory = path.join(room, "base");
    const { manifest, digest, mediaType } = from;
    const of = (architecture: string) => ({
      mediaType,
      digest,
      size: manifest.length,
      platform: { os: "linux", architecture },
    });
    const attestation = { ...of("unknown"), platform: { os: "unknown", architecture: "unknown" } };
    const index = { schemaVersion: 2, mediaType: OCI.index, manifests: [attestation, of("riscv64"), of("amd64")] };
    await writeFile(path.join(directory, "index.json"), JSON.stringify(index));
    expect((await readLayout(directory, { os: "linux", architecture: "amd64" })).digest).toBe(digest);
    await expect(readLayout(directory, { os: "linux", architecture: "arm64" })).rejects.toMatchObject({
      code: "image-platform",
      hint: "it has linux/riscv64, linux/amd64",
    });
  });

  it("is refused when it is none, and when its bytes are other ones", async () => {
    await expect(readLayout(room)).rejects.toMatchObject({ code: "image-layout" });
    const { layers, configDescriptor } = await base();
    const blob = (digest = "") => path.join(room, "base", "blobs", "sha256", digest.slice(7));
    await writeFile(blob(layers[0]?.descriptor.digest), "the base's filez");
    await expect(members(await (layers[0] ?? fileBlob("", configDescriptor)).open())).rejects.toMatchObject({
      code: "image-corrupt",
    });
    await writeFile(blob(configDescriptor.digest), "{}");
    await expect(readLayout(path.join(room, "base"))).rejects.toMatchObject({ code: "image-corrupt" });
    const elsewhere = { digest: "sha256:../../../etc/passwd", mediaType: OCI.manifest, size: 10 };
    await writeFile(
      path.join(room, "base", "index.json"),
      JSON.stringify({ schemaVersion: 2, manifests: [elsewhere] }),
    );
    await expect(readLayout(path.join(room, "base"))).rejects.toMatchObject({ code: "image-corrupt" });
  });
});

describe("an archive for an Engine", () => {
  it("names the configuration, the layers and the tags", async () => {
    const image = assemble(await base(), await filesLayer("layer.tar"), RUN);
    const names = (await members(dockerArchive(image, ["shop/api:1"]))).map((line) => line.split(" ")[0]);
    const hex = (digest: string) => digest.slice(7);
    expect(names).toEqual([
      `${hex(image.configDescriptor.digest)}.json`,
      ...image.layers.map(({ descriptor }) => `${hex(descriptor.digest)}.tar`),
      "manifest.json",
    ]);
  });

  it("is read back as the image that it was, also where a layer is a link", async () => {
    const image = assemble(await base(), await filesLayer("layer"), RUN);
    const parts = path.join(room, "parts");
    await mkdir(parts);
    const back = await readSaved(dockerArchive(image, ["shop/api:1"]), parts);
    expect(back.digest).toBe(image.digest);
    expect(back.layers.map(({ descriptor }) => descriptor)).toEqual(image.layers.map(({ descriptor }) => descriptor));
    const linked = tarOf(async (tar) => {
      tar.entry({ name: "a/layer.tar" }, "content");
      tar.entry({ name: "b/layer.tar", type: "symlink", linkname: "../a/layer.tar" });
      const content = digestOfBytes(Buffer.from("content"));
      tar.entry({ name: "c.json" }, JSON.stringify({ rootfs: { diff_ids: [content, `sha256:${"0".repeat(64)}`] } }));
      tar.entry(
        { name: "manifest.json" },
        JSON.stringify([{ Config: "c.json", Layers: ["a/layer.tar", "b/layer.tar"] }]),
      );
    });
    const types = (await readSaved(linked, parts)).layers.map(({ descriptor }) => descriptor.mediaType);
    expect(types).toEqual([OCI.layer, `${OCI.layer}+gzip`]);
  });

  it("is refused when it is no image, with the reason", async () => {
    const read = (manifest: unknown) =>
      readSaved(
        tarOf(async (tar) => void tar.entry({ name: "manifest.json" }, JSON.stringify(manifest))),
        room,
      );
    await expect(read([{ Config: "../../etc/passwd", Layers: [] }])).rejects.toThrow("is not in the archive");
    await expect(read([])).rejects.toMatchObject({ code: "image-corrupt" });
  });

  it("fails when a layer is damaged", async () => {
    const image = assemble(await base(), await filesLayer("layer.tar"), RUN);
    await writeFile(path.join(room, "layer.tar"), (await readFile(path.join(room, "layer.tar"))).fill(1));
    await expect(members(dockerArchive(image, []))).rejects.toMatchObject({ code: "image-corrupt" });
  });
});
