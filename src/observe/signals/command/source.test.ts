import { existsSync, readFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { commandWorld } from "../../../../test/contract/signal-own-worlds.js";
import { subjectOf } from "../../../../test/contract/signal-provider.js";
import { eventually } from "../../../../test/scenario/lab/eventually.js";
import { allGone, everyProcess } from "../../../../test/scenario/lab/processes.js";
import type { Measurement } from "../../../ports/signal-provider.js";

let world: Awaited<ReturnType<typeof commandWorld>>;
beforeEach(async () => {
  world = await commandWorld();
});
afterEach(() => world.end());

const commandSubject = (argv: readonly string[]) =>
  subjectOf({ kind: "command", argv, everyMs: 5_000, staleMs: 30_000, timeoutMs: 20_000 });
const measure = async (argv: readonly string[]): Promise<Measurement> => {
  const probe = world.provider.begin(commandSubject(argv));
  world.now += 5_000;
  const measured = await probe.measure(world.now, new AbortController().signal);
  await probe.close();
  return measured;
};
const shell = (script: string) => measure(["/bin/sh", "-c", script]);
const counted = (bad: number, total: number) => ({
  kind: "data",
  intervals: [{ at: world.now, stable: [], canary: [{ replica: "all", bad, total }] }],
});
const unanswered = (sentence: string | RegExp) => ({ kind: "no-answer", sentence: expect.stringMatching(sentence) });

it("takes the exit code for one measurement of the new group: good or bad", async () => {
  expect(await shell("exit 0")).toEqual(counted(0, 1));
  expect(await shell("exit 99")).toEqual(counted(1, 1));
});

it("takes the counts in the last line instead, whatever the exit code", async () => {
  expect(await shell(`echo '{"bad":9,"total":9}'; echo checked; echo '{"bad": 2, "total": 50}'; exit 1`)).toEqual(
    counted(2, 50),
  );
  expect(await shell(`echo '{"bad":1,"total":5}'; echo done`)).toEqual(counted(0, 1));
  expect(await shell(`echo '{ not json'`)).toEqual(counted(0, 1));
});

it("measures stable, too, when an argument says {{group}}", async () => {
  const script = '[ "$0" = r1 ] && echo "{\\"bad\\":0,\\"total\\":5}" || echo "{\\"bad\\":3,\\"total\\":4}"';
  expect(await measure(["/bin/sh", "-c", script, "{{group}}"])).toMatchObject({
    intervals: [{ stable: [{ bad: 0, total: 5 }], canary: [{ bad: 3, total: 4 }] }],
  });
});

describe("says in a sentence what is no measurement:", () => {
  it.each<[string, string[], RegExp]>([
    ["a program that is not there", ["no-such-program"], /^no-such-program could not be started: it is not there$/],
    ["one that may not be run", ["/etc/passwd"], /could not be started: it may not be executed$/],
    [
      "a shell that finds nothing to run",
      ["/bin/sh", "-c", "no-such-program"],
      /could not start its command \(exit code 127\)$/,
    ],
    ["one that something else ended", ["/bin/sh", "-c", "kill -TERM $$"], /was ended by SIGTERM$/],
    ["counts that cannot be", ["/bin/sh", "-c", `echo '{"bad":3,"total":2}'`], /such counts cannot be$/],
    ["counts that are none", ["/bin/sh", "-c", `echo '{"bad":"3"}'`], /bad and total have to be numbers$/],
  ])("%s", async (_name, argv, sentence) => {
    expect(await measure(argv)).toEqual(unanswered(sentence));
  });
});

it("ends what takes too long, with everything that it started", async () => {
  const pids = path.join(world.directory, "pids");
  const script = `sleep 1000 & echo $! > ${pids}; echo $$ >> ${pids}; wait`;
  const probe = world.provider.begin(commandSubject(["/bin/sh", "-c", script]));
  const measuring = probe.measure(world.now, new AbortController().signal);
  const started = await eventually("both run", () => {
    const lines = existsSync(pids) ? readFileSync(pids, "utf8").trim().split("\n") : [];
    return lines.length === 2 && lines.map(Number);
  });
  await probe.close();
  expect(await measuring).toEqual(unanswered(/^the measurement was stopped$/));
  await allGone(started);
});

it("does not wait for what a program leaves behind, and ends it", async () => {
  const pids = path.join(world.directory, "pids");
  expect(await shell(`sleep 1000 & echo $! > ${pids}; exit 0`)).toEqual(counted(0, 1));
  const left = (await readFile(pids, "utf8")).trim();
  await allGone([Number(left)]);
  expect(everyProcess().map(({ pid }) => String(pid))).not.toContain(left);
});

it("keeps the end of a long output", async () => {
  await writeFile(
    path.join(world.directory, "long.mjs"),
    `process.stdout.write("x".repeat(3_000_000) + '\\n{"bad":0,"total":8}\\n');`,
  );
  expect(await measure(["node", "long.mjs"])).toEqual(counted(0, 8));
});

it("tells a program what it measures, and nothing that is Windlass' own", async () => {
  process.env.WINDLASS_TEST_SECRET = "hush";
  try {
    await shell("env > seen");
  } finally {
    delete process.env.WINDLASS_TEST_SECRET;
  }
  const seen = Object.fromEntries(
    (await readFile(path.join(world.directory, "seen"), "utf8")).split("\n").map((line) => line.split("=", 2)),
  );
  expect(seen).toMatchObject({
    WINDLASS_SIGNAL_NAME: "orders",
    WINDLASS_SIGNAL_ENVIRONMENT: "shop/production",
    WINDLASS_SIGNAL_SERVICE: "web",
    WINDLASS_SIGNAL_GROUP: "r2",
    WINDLASS_SIGNAL_SIDE: "canary",
    WINDLASS_SIGNAL_STABLE: "r1",
    WINDLASS_SIGNAL_CANARY: "r2",
    WINDLASS_SIGNAL_TIMEOUT_MS: "20000",
  });
  expect(seen).not.toHaveProperty("WINDLASS_TEST_SECRET");
});
