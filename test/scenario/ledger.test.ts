import { execFileSync } from "node:child_process";
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { Installation } from "./lab/installation.js";
import { CALM, web, writeShop } from "./lab/shop.js";

const lab = new Installation();
afterAll(async () => expect(await lab.end()).toEqual([]));

const services = { web: web({ replicas: 1, guards: CALM }) };
const DAMAGED_BYTES = 100;
const old = path.join(lab.root, "older-ledger");
const bytesOf = (file: string) => (existsSync(file) ? readFileSync(file).toString("base64") : null);
const good = async (...words: readonly string[]) => {
  const ran = await lab.cli(...words);
  expect(ran.code, ran.output).toBe(0);
  return ran.output;
};

test("the ledger is verified, proved, exported and backed up by the CLI", async () => {
  writeShop(lab, { release: "1.0.0" }, services);
  await good("deploy", "lab", "--version", "1.0.0");
  expect(await good("ledger", "verify")).toContain("all in order");
  const exported = (await good("ledger", "export"))
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { sequence: number; type: string });
  expect(exported.map(({ sequence }) => sequence)).toEqual(exported.map((_, index) => index + 1));
  expect(exported.map(({ type }) => type)).toContain("deployment.finished@1");
  const proof = path.join(lab.root, "event-3.proof.json");
  writeFileSync(proof, await good("ledger", "prove", "3"));
  expect(await good("ledger", "check", proof)).toContain("event 3 is in the ledger");
  expect(await good("ledger", "check", proof)).toContain(exported[2]?.type);
  const forged = path.join(lab.root, "forged.proof.json");
  writeFileSync(forged, readFileSync(proof, "utf8").replace("d1", "d7"));
  expect(await lab.cli("ledger", "check", forged)).toMatchObject({ code: 4 });
  const backup = path.join(lab.root, "friday.db");
  await good("ledger", "backup", backup);
  expect(existsSync(backup)).toBe(true);
  const nothing = await lab.cli("ledger", "prove", "100000");
  expect(nothing.code).not.toBe(0);
});

test("an older copy of the whole ledger is found through the checkpoint that the CLI has pinned", async () => {
  await lab.stop();
  cpSync(lab.places.ledger, old, { recursive: true });
  for (const replicas of ["2", "1"]) await good("scale", `web=${replicas}`, "lab");
  await good("ledger", "verify");
  const now = path.join(lab.root, "present-ledger");
  await lab.stop();
  cpSync(lab.places.ledger, now, { recursive: true });
  rmSync(lab.places.ledger, { recursive: true });
  cpSync(old, lab.places.ledger, { recursive: true });
  const verified = await lab.cli("ledger", "verify");
  expect(verified.code, verified.output).toBe(4);
  expect(verified.output).toMatch(/older|shorter|truncat|ends/);
  await lab.stop();
  rmSync(lab.places.ledger, { recursive: true });
  cpSync(now, lab.places.ledger, { recursive: true });
  await good("ledger", "verify");
});

test("an edited record is named", async () => {
  await lab.stop();
  const before = path.join(lab.root, "ledger-before-the-edit");
  cpSync(lab.places.ledger, before, { recursive: true });
  const edit = path.join(import.meta.dirname, "lab", "edit-record.mjs");
  const edited = execFileSync(process.execPath, [edit, path.join(lab.places.ledger, "ledger.db")], {
    encoding: "utf8",
  });
  const verified = await lab.cli("ledger", "verify");
  expect(verified.code, verified.output).toBe(4);
  expect(verified.output).toContain(`event ${edited.trim()}`);
  await lab.stop();
  rmSync(lab.places.ledger, { recursive: true });
  cpSync(before, lab.places.ledger, { recursive: true });
  await good("ledger", "verify");
});

test("a ledger that cannot be read is named when the control plane starts; nothing is lost by trying", async () => {
  const events = (await good("ledger", "export")).trim().split("\n");
  await lab.stop();
  const file = path.join(lab.places.ledger, "ledger.db");
  const sound = readFileSync(file);
  const beside = bytesOf(`${file}-wal`);
  const broken = Buffer.from(sound);
  broken.fill(0x5a, 0, DAMAGED_BYTES);
  writeFileSync(file, broken);
  const status = await lab.cli("status", "lab");
  expect(status.code, status.output).toBe(4);
  expect(status.output).toMatch(/ledger-(corrupt|unreadable)/);
  expect(status.output).toContain("backup");
  // The newest events may lie in the file beside it: neither is touched.
  expect([readFileSync(file).equals(broken), bytesOf(`${file}-wal`)]).toEqual([true, beside]);
  writeFileSync(file, sound);
  expect((await good("ledger", "export")).trim().split("\n").slice(0, events.length)).toEqual(events);
  await good("ledger", "verify");
  expect(await good("status", "lab")).toContain("1.0.0");
});
