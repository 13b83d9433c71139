import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { group, intent, traffic } from "../../../../test/contract/intents.js";
import { Intents } from "./intents.js";
import { DaemonLock } from "./lock.js";
import { applyRequest } from "./protocol.js";

let directory: string;
const damaged: string[] = [];
const open = (): Intents => new Intents(directory, (file) => damaged.push(path.basename(file)));
beforeEach(() => {
  directory = mkdtempSync(path.join(os.tmpdir(), "windlass-intents-"));
  damaged.length = 0;
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const application = (term: number, revision: number) => ({
  environment: "shop/test",
  term,
  revision,
  intent: intent({ web: { groups: { r1: group("r1", 2) }, traffic: traffic({ r1: 100 }) } }),
});

test("an accepted intent is on the disk, readable by its owner only, and there after a restart", () => {
  expect(open().accept(application(2, 7))).toBe(true);
  expect(open().all()).toEqual([application(2, 7)]);
  expect(statSync(path.join(directory, "shop~test.json")).mode & 0o777).toBe(0o600);
});

test("the term is remembered across restarts: a stale one is refused, an older revision ignored", () => {
  open().accept(application(2, 7));
  expect(() => open().accept(application(1, 9))).toThrow(expect.objectContaining({ code: "target-stale-term" }));
  expect(open().accept(application(2, 6))).toBe(false);
  expect(open().accept(application(3, 1))).toBe(true);
});

test("a damaged file is reported and does not stop the others", () => {
  open().accept(application(1, 1));
  writeFileSync(path.join(directory, "shop~bad.json"), '{"environment":');
  expect(open().all()).toHaveLength(1);
  expect(damaged).toEqual(["shop~bad.json"]);
});

test("what comes over the socket is checked; what a newer control plane says besides is dropped", () => {
  const wire = JSON.parse(JSON.stringify(application(1, 1)));
  expect(applyRequest.parse({ ...wire, novelty: true })).toEqual(application(1, 1));
  expect(applyRequest.safeParse({ ...wire, environment: "no-slash" }).success).toBe(false);
  wire.intent.services.web.groups.r1.workload.run.argv = [];
  expect(applyRequest.safeParse(wire).success).toBe(false);
});

test("one daemon holds the lock; a dead holder's, or a reused pid's, is taken over", () => {
  const first = DaemonLock.acquire(directory);
  if (!(first instanceof DaemonLock)) return expect.fail("not acquired");
  expect(DaemonLock.acquire(directory)).toMatchObject({ pid: process.pid });
  expect(first.stillHeld()).toBe(true);
  // The same pid with another start time is another process.
  writeFileSync(path.join(directory, "daemon.lock"), JSON.stringify({ pid: process.pid, startTime: "long ago" }));
  expect(first.stillHeld()).toBe(false);
  const second = DaemonLock.acquire(directory);
  if (!(second instanceof DaemonLock)) return expect.fail("not acquired");
  second.release();
  expect(readdirSync(directory)).toEqual([]);
});
