import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { BEGIN, sample } from "../report/sample.js";
import { resting } from "./views.js";
import { World } from "./world.js";

const CALM = { errors: 0.001, slow: 0.01 };

/** A control plane whose last deployment did harm and was hauled back. */
function hauledBack(): World {
  const world = new World();
  const { story, counted } = sample({
    seed: 2,
    requestsPerSecond: 200,
    stable: CALM,
    canary: { errors: 0.05, slow: 0.01 },
  });
  world.plane.views = [resting({ now: story.now })];
  world.plane.events = [...story.events];
  world.plane.blocks = [...(counted.api?.blocks ?? [])];
  return world;
}

test("report writes the last deployment into a file that needs no other", async () => {
  const world = hauledBack();
  const ran = await world.run("report");
  expect(ran).toMatchObject({ code: 0, err: "" });
  expect(ran.out).toBe(
    "d2 of shop/production: .windlass/production-d2.html\n\nNext: open .windlass/production-d2.html in a browser\n      `windlass why production`\n",
  );
  expect(readdirSync(world.cwd)).toEqual([".windlass"]);
  const page = readFileSync(path.join(world.cwd, ".windlass", "production-d2.html"), "utf8");
  for (const words of ["Hauled back", "by ada", "windlass/test"]) expect(page).toContain(words);
});

test("Markdown has its charts beside it; the ending of the file says the format", async () => {
  const world = hauledBack();
  const { out } = await world.run("report", "d2", "--output", "reports/canary.md");
  expect(out).toContain("reports/canary.md");
  expect(readdirSync(path.join(world.cwd, "reports"))[0]).toBe("canary.md");
  expect((await world.run("report", "--format", "markdown", "--output", "-")).code).toBe(2);
});

test("as JSON it is printed, with every number", async () => {
  const world = hauledBack();
  const { out } = await world.run("report", "--json");
  expect(JSON.parse(out)).toMatchObject({ environment: "shop/production", id: "d2", outcome: "rolled-back" });
  expect((await world.run("report", "--format", "json", "--output", "-")).out).toBe(out);
  expect(readdirSync(world.cwd)).toEqual([]);
});

test("HTML is printed when that is asked for", async () => {
  expect((await hauledBack().run("report", "--output", "-")).out).toMatch(/^<!doctype html>\n<html lang="en">/);
});

test("the hour before is asked for, too, and never a time before there was any", async () => {
  const world = hauledBack();
  const asked: { from: number; to: number; resolution: string }[] = [];
  const series = world.plane.series.bind(world.plane);
  world.plane.series = async (environment, range) => {
    asked.push(range);
    return series(environment, range);
  };
  await world.run("report", "--json");
  const first = Math.min(...asked.map(({ from }) => from));
  expect(first).toBe(BEGIN + 2_700_000 - 3_600_000);
  for (const { from, to } of asked) expect(Number.isInteger(from) && Number.isInteger(to)).toBe(true);
});

test("a deployment that there is not is answered with the nearest one", async () => {
  const ran = await hauledBack().run("report", "d3");
  expect(ran.code).toBe(2);
  expect(ran.err).toContain("There is no deployment d3 of shop/production.");
  expect(ran.err).toContain('"d2"');
});

test("a file that cannot be written is an error, and nothing is left over", async () => {
  const world = hauledBack();
  mkdirSync(world.cwd, { recursive: true });
  writeFileSync(path.join(world.cwd, "taken"), "");
  const ran = await world.run("report", "--output", "taken/report.html");
  expect(ran.code).toBe(2);
  expect(ran.err).toContain("cannot be written");
  expect(existsSync(path.join(world.cwd, "taken"))).toBe(true);
  expect(readdirSync(world.cwd)).toEqual(["taken"]);
});
