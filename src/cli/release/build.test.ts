import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { compile } from "../../spec/compile/compile.js";
import { buildRelease } from "./build.js";

let directory = "";

beforeEach(() => {
  directory = mkdtempSync(path.join(os.tmpdir(), "windlass-build-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  writeFileSync(path.join(directory, "server.js"), "1;\n");
});

function git(...argv: string[]): string {
  const identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgsign=false"];
  return execFileSync("git", ["-C", directory, ...identity, ...argv], {
    stdio: ["ignore", "pipe", "ignore"],
  }).toString();
}

async function build(version?: string) {
  const result = compile({
    name: "shop",
    services: { api: { command: "node server.js" }, mailer: { command: "node m.js" } },
  });
  const environment = result.system?.environments.development;
  if (result.system === undefined || environment === undefined) throw new Error("the spec of the test is wrong");
  const spec = {
    file: path.join(directory, "windlass.system.yaml"),
    directory,
    system: result.system,
    digest: result.digest,
  };
  const { release, packed } = await buildRelease(spec, environment, version, { env: {}, note: () => {} });
  await packed.remove();
  return { release, sources: packed.sources };
}

test("without git there is no commit, and nothing is called dirty", async () => {
  const { release } = await build("2.0.0");
  expect(release).toMatchObject({ label: "2.0.0", version: "2.0.0", commit: null, dirty: false });
});

test("the label names version and commit; any change makes it dirty, and the digest another one", async () => {
  writeFileSync(path.join(directory, "package.json"), '{"version":"1.2.3"}');
  git("init", "-q");
  git("add", "-A");
  git("commit", "-qm", "one");
  const head = git("rev-parse", "HEAD").trim();
  const clean = await build();
  expect(clean.release).toMatchObject({ label: `1.2.3-${head.slice(0, 7)}`, commit: head, dirty: false });
  expect((await build()).release).toEqual(clean.release);
  writeFileSync(path.join(directory, "new.js"), "2;\n");
  const dirty = await build();
  expect(dirty.release.label).toBe(`1.2.3-${head.slice(0, 7)}-dirty`);
  expect(dirty.release.digest).not.toBe(clean.release.digest);
});

test("services with the same files share one archive", async () => {
  const { sources, release } = await build();
  expect(sources.map((source) => source.services)).toEqual([["api", "mailer"]]);
  expect(release.artefacts.api).toBe(release.artefacts.mailer);
});

test("a version that is none is refused", async () => {
  await expect(build("1.0 beta; rm -rf")).rejects.toMatchObject({ code: "cli-version" });
});
