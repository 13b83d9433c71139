import { createHash } from "node:crypto";
import { lstat, mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openArtefacts } from "./directory.js";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), "windlass-artefacts-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const digestOf = (bytes: Buffer) => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
const one = Buffer.from("one");
const big = Buffer.alloc(300_000, 7);

describe("the artefact store", () => {
  it("keeps bytes by their digest, for its owner only, and gives them back", async () => {
    const store = await openArtefacts({ directory });
    await store.put(digestOf(one), Readable.from([one.subarray(0, 1), one.subarray(1)]));
    await store.put(digestOf(one), Readable.from([one]));
    expect(Buffer.concat(await (await store.open(digestOf(one))).toArray())).toEqual(one);
    expect(await store.list()).toEqual([{ digest: digestOf(one), bytes: 3, storedAt: expect.any(Number) }]);
    const [file = ""] = await readdir(directory);
    expect(file).toBe(`${digestOf(one).slice(7)}.tar`);
    expect((await lstat(path.join(directory, file))).mode & 0o777).toBe(0o600);
    await store.remove(digestOf(one));
    await store.remove(digestOf(one));
    expect(await store.has(digestOf(one))).toBe(false);
    await expect(store.open(digestOf(one))).rejects.toMatchObject({ code: "artefact-missing" });
  });

  it("stores nothing that does not have the digest it claims, nor a broken upload", async () => {
    const store = await openArtefacts({ directory });
    await expect(store.put(digestOf(one), Readable.from([big]))).rejects.toMatchObject({ code: "artefact-mismatch" });
    const broken = new Readable({
      read() {
        this.push(one);
        this.destroy(new Error("connection lost"));
      },
    });
    await expect(store.put(digestOf(one), broken)).rejects.toThrow("connection lost");
    await expect(store.put("sha256:../../etc/passwd", Readable.from([one]))).rejects.toMatchObject({
      code: "artefact-digest",
    });
    expect(await readdir(directory)).toEqual([]);
    await store.put(digestOf(one), Readable.from([one]));
    await expect(store.put(digestOf(one), Readable.from([big]))).rejects.toMatchObject({ code: "artefact-mismatch" });
    expect(Buffer.concat(await (await store.open(digestOf(one))).toArray())).toEqual(one);
  });

  it("is bounded, by artefact and as a whole", async () => {
    const store = await openArtefacts({ directory, maxBytes: 400_000, maxArtefactBytes: 350_000 });
    const larger = Buffer.alloc(350_001);
    await expect(store.put(digestOf(larger), Readable.from([larger]))).rejects.toMatchObject({
      code: "artefact-too-large",
    });
    await store.put(digestOf(big), Readable.from([big]));
    const second = Buffer.alloc(300_000, 8);
    await expect(store.put(digestOf(second), Readable.from([second]))).rejects.toMatchObject({
      code: "artefact-too-large",
    });
    await store.put(digestOf(big), Readable.from([big]));
    await store.remove(digestOf(big));
    await store.put(digestOf(second), Readable.from([second]));
    expect((await store.list()).map((artefact) => artefact.digest)).toEqual([digestOf(second)]);
  });

  it("takes the same artefact from two clients at once", async () => {
    const store = await openArtefacts({ directory });
    await Promise.all([1, 2, 3].map(() => store.put(digestOf(big), Readable.from([big]))));
    expect(await readdir(directory)).toHaveLength(1);
  });

  it("clears what a killed process left half written, and leaves running uploads alone", async () => {
    const left = path.join(directory, "old.partial");
    await writeFile(left, "x");
    await utimes(left, 1, 1);
    await writeFile(path.join(directory, "running.partial"), "x");
    await openArtefacts({ directory });
    expect(await readdir(directory)).toEqual(["running.partial"]);
  });
});
