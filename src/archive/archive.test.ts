import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  symlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import fc from "fast-check";
import { pack as tarPack } from "tar-stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { excludes } from "./excludes.js";
import { digestOfDirectory, packDirectory } from "./pack.js";
import { unpack } from "./unpack.js";

let room: string;
let service: string;
let archive: string;

beforeEach(async () => {
  room = await mkdtemp(path.join(os.tmpdir(), "windlass-archive-"));
  service = path.join(room, "service");
  archive = path.join(room, "archive.tar");
  await mkdir(path.join(service, "lib", "empty"), { recursive: true });
  await writeFile(path.join(service, "main.js"), "console.log(1);\n");
  await writeFile(path.join(service, "lib", "run.sh"), "#!/bin/sh\n");
  await chmod(path.join(service, "lib", "run.sh"), 0o700);
  await symlink("../main.js", path.join(service, "lib", "link.js"));
});
afterEach(() => rm(room, { recursive: true, force: true }));

/** An archive that packDirectory would never write, and its digest. */
async function forged(members: { name: string; type?: "file" | "symlink" | "link"; linkname?: string }[]) {
  const tar = tarPack();
  for (const member of members) {
    if (member.type === undefined) tar.entry({ name: member.name }, "evil");
    else tar.entry({ ...member, linkname: member.linkname ?? "" });
  }
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar as AsyncIterable<Buffer>) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  return { bytes, digest: digestOf(bytes) };
}

function digestOf(bytes: Buffer): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

describe("packing a directory", () => {
  it("gives the same bytes whatever the owner's mode, the times and the order of creation", async () => {
    const first = await packDirectory(service, archive);
    const copy = path.join(room, "copy");
    await mkdir(path.join(copy, "lib", "empty"), { recursive: true });
    await symlink("../main.js", path.join(copy, "lib", "link.js"));
    await writeFile(path.join(copy, "lib", "run.sh"), "#!/bin/sh\n", { mode: 0o755 });
    await writeFile(path.join(copy, "main.js"), "console.log(1);\n", { mode: 0o600 });
    await utimes(path.join(copy, "main.js"), 1, 1);
    expect(await digestOfDirectory(copy)).toEqual(first);
    expect(digestOf(await readFile(archive))).toBe(first.digest);
    expect((await lstat(archive)).mode & 0o777).toBe(0o600);
    // Pinned: another digest for the same input would make every deployed artefact a different one.
    expect(first).toEqual({
      digest: "sha256:e09e7a29683ee8e9ea048c6438aef9709a5d8fa431a320a7c045746b0398e719",
      bytes: 4_608,
      files: 2,
    });
  });

  it("notices a changed byte, name or executable bit", async () => {
    const digests = new Set([(await digestOfDirectory(service)).digest]);
    await writeFile(path.join(service, "main.js"), "console.log(2);\n");
    digests.add((await digestOfDirectory(service)).digest);
    await chmod(path.join(service, "main.js"), 0o755);
    digests.add((await digestOfDirectory(service)).digest);
    await rm(path.join(service, "lib", "empty"), { recursive: true });
    digests.add((await digestOfDirectory(service)).digest);
    expect(digests.size).toBe(4);
  });

  it("leaves out the repository, Windlass's own state and what the spec excludes, and keeps node_modules", async () => {
    for (const name of [".git", ".windlass", "node_modules", "coverage"]) {
      await mkdir(path.join(service, name));
      await writeFile(path.join(service, name, "x"), name);
    }
    await packDirectory(service, archive, { exclude: ["coverage/", "*.sh"] });
    await unpack(
      (await packDirectory(service, archive, { exclude: ["coverage/", "*.sh"] })).digest,
      createReadStream(archive),
      path.join(room, "out"),
    );
    expect((await readdir(path.join(room, "out"))).sort()).toEqual(["lib", "main.js", "node_modules"]);
    expect((await readdir(path.join(room, "out", "lib"))).sort()).toEqual(["empty", "link.js"]);
  });

  it("refuses links that lead out, sockets, and what is too large, and leaves nothing behind", async () => {
    await symlink("/etc/passwd", path.join(service, "outside"));
    await expect(packDirectory(service, archive)).rejects.toMatchObject({ code: "archive-link-outside" });
    await packDirectory(service, archive, { exclude: ["outside"] });
    await rm(archive);
    await rm(path.join(service, "outside"));
    await expect(packDirectory(service, archive, { maxBytes: 2_000 })).rejects.toMatchObject({
      code: "archive-too-large",
    });
    const server = net.createServer().listen(path.join(service, "s.sock"));
    await new Promise((resolve) => server.once("listening", resolve));
    await expect(packDirectory(service, archive)).rejects.toMatchObject({ code: "archive-not-a-file" });
    await new Promise((resolve) => server.close(resolve));
    await expect(packDirectory(path.join(room, "none"), archive)).rejects.toMatchObject({ code: "archive-unreadable" });
    expect(await readdir(room)).toEqual(["service"]);
  });

  it("matches patterns as .gitignore does", () => {
    const out = excludes(["*.log", "/dist", "docs/**/draft.md", "tmp/"]);
    const names = [
      "a.log",
      "x/b.log",
      "dist",
      "x/dist",
      "docs/draft.md",
      "docs/a/b/draft.md",
      "x/tmp",
      ".git",
      "a.logs",
    ];
    expect(names.filter(out)).toEqual([
      "a.log",
      "x/b.log",
      "dist",
      "docs/draft.md",
      "docs/a/b/draft.md",
      "x/tmp",
      ".git",
    ]);
  });
});

describe("unpacking an archive", () => {
  it("gives back contents, links and executable bits, so that packing it again gives the same digest", async () => {
    const { digest } = await packDirectory(service, archive);
    const out = path.join(room, "deep", "out");
    await unpack(digest, createReadStream(archive), out);
    await unpack(digest, createReadStream(archive), out);
    expect(await readFile(path.join(out, "lib", "link.js"), "utf8")).toBe("console.log(1);\n");
    expect(await readlink(path.join(out, "lib", "link.js"))).toBe("../main.js");
    expect((await lstat(path.join(out, "lib", "run.sh"))).mode & 0o111).not.toBe(0);
    expect((await digestOfDirectory(out)).digest).toBe(digest);
    expect(await readdir(path.dirname(out))).toEqual(["out"]);
  });

  it("refuses a damaged or shortened archive and leaves nothing behind", async () => {
    const { digest } = await packDirectory(service, archive);
    const bytes = await readFile(archive);
    const out = path.join(room, "unpacked", "out");
    const flipped = Buffer.from(bytes);
    flipped[1_000] = (flipped[1_000] ?? 0) ^ 1;
    for (const broken of [flipped, bytes.subarray(0, 2_000), Buffer.alloc(0)]) {
      await expect(unpack(digest, Readable.from([broken]), out)).rejects.toMatchObject({ code: "artefact-corrupt" });
    }
    // Bytes that are what they claim, and still no archive.
    for (const broken of [bytes.subarray(0, 1_400), Buffer.from("not a tar at all".repeat(100))]) {
      await expect(unpack(digestOf(broken), Readable.from([broken]), out)).rejects.toMatchObject({
        code: "artefact-corrupt",
      });
    }
    expect(await readdir(path.join(room, "unpacked"))).toEqual([]);
  });

  it("never writes outside of its directory", async () => {
    const out = path.join(room, "unpacked", "out");
    const attacks = [
      [{ name: "../evil" }],
      [{ name: "/evil" }],
      [{ name: "a/../../evil" }],
      [{ name: "undeclared/evil" }],
      [{ name: "l", type: "symlink" as const, linkname: "../.." }],
      [{ name: "l", type: "symlink" as const, linkname: "/etc" }],
      [{ name: "l", type: "symlink" as const, linkname: "." }, { name: "l/evil" }],
      [{ name: "l", type: "symlink" as const, linkname: "target" }, { name: "l" }],
      [{ name: "l", type: "link" as const, linkname: "/etc/passwd" }],
    ];
    for (const members of attacks) {
      const { bytes, digest } = await forged(members);
      await expect(unpack(digest, Readable.from([bytes]), out)).rejects.toMatchObject({ code: "artefact-corrupt" });
    }
    expect(await readdir(path.join(room, "unpacked"))).toEqual([]);
    expect((await readdir(room)).sort()).toEqual(["service", "unpacked"]);
  });

  it("is the inverse of packing, for any files", async () => {
    const segment = fc.stringMatching(/^[a-zé漢 ]{1,60}$/).map((name) => `f${name}`);
    const tree = fc.dictionary(
      segment,
      fc.oneof(fc.uint8Array({ maxLength: 2_000 }), fc.dictionary(segment, fc.uint8Array(), { maxKeys: 3 })),
      { maxKeys: 4 },
    );
    let run = 0;
    await fc.assert(
      fc.asyncProperty(tree, async (files) => {
        run += 1;
        const from = path.join(room, `from${run}`);
        await mkdir(from);
        for (const [name, content] of Object.entries(files)) {
          if (content instanceof Uint8Array) await writeFile(path.join(from, name), content);
          else {
            await mkdir(path.join(from, name));
            for (const [inner, bytes] of Object.entries(content)) await writeFile(path.join(from, name, inner), bytes);
          }
        }
        const { digest } = await packDirectory(from, archive);
        const to = path.join(room, `to${run}`);
        await unpack(digest, createReadStream(archive), to);
        expect((await digestOfDirectory(to)).digest).toBe(digest);
      }),
      { numRuns: 25 },
    );
  });
});
