import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { VERBS, wholeApplication } from "../../src/cli/app.js";
import { propose } from "../../src/cli/propose.js";
import { cliReference } from "../../src/cli/reference.js";
import { expectGolden } from "./golden.js";
import { resting } from "./views.js";
import { World } from "./world.js";

test("the help of windlass and of every verb", async () => {
  expectGolden("help", (await new World().run("--help")).out);
  for (const verb of Object.keys(VERBS)) {
    const ran = await new World().run(verb, "--help");
    expect(ran.code).toBe(0);
    expectGolden(`help ${verb}`, ran.out);
  }
});

test("docs/reference/cli.md is current", async () => {
  const file = path.join(import.meta.dirname, "..", "..", "docs", "reference", "cli.md");
  const reference = cliReference(await wholeApplication("0.1.0"));
  if (process.env.GOLDEN === "write") writeFileSync(file, reference);
  expect(reference).toBe(readFileSync(file, "utf8"));
});

test("what is not understood ends with 2 and offers the nearest verb", async () => {
  const ran = await new World().run("statsu");
  expect(ran.code).toBe(2);
  expect(ran.err).toContain("`status`");
  expect((await new World().run("status", "--folow")).code).toBe(2);
});

test("--version and version", async () => {
  expect((await new World().run("--version")).out).toBe("0.1.0\n");
  expect((await new World().run("version")).out).toContain("0.1.0 (process 4711)");
});

test("completion knows verbs, flags, environments and services", async () => {
  const world = new World();
  world.plane.views = [resting(), resting({ environment: "shop/staging" })];
  const proposed = (...words: string[]) => world.as((cli) => propose(cli, words));
  expect((await proposed("sta")).out).toBe("status\n");
  expect((await proposed("deploy", "--re")).out).toContain("--reason");
  expect((await proposed("status", "s")).out).toBe("staging\n");
  expect((await proposed("status", "shop/p")).out).toBe("shop/production\n");
  expect((await proposed("logs", "a")).out).toBe("api\n");
  for (const shell of ["bash", "zsh", "fish"])
    expect((await world.run("completion", shell)).out).toContain("windlass completion propose");
});
