import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openLedger } from "../../src/ledger/open.js";
import { all } from "../contract/ledger-store.js";

/** Enough to meet a commit between any two of its reads. */
const OPENINGS = 200;

let directory: string;
const children: ChildProcess[] = [];
beforeEach(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), "windlass-crash-"));
});
afterEach(async () => {
  for (const child of children.splice(0)) await kill(child);
  await rm(directory, { recursive: true, force: true });
});

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "close");
  child.kill("SIGKILL");
  await ended;
}

/** Starts a writer; `said(n)` resolves once it has printed `n` whole lines. */
function writer() {
  const script = path.join(import.meta.dirname, "ledger-writer.ts");
  const child = spawn(process.execPath, ["--import", "tsx", script, directory], { stdio: ["ignore", "pipe", "pipe"] });
  children.push(child);
  let out = "";
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  const lines = () => out.split("\n").slice(0, -1);
  const said = (count: number) =>
    new Promise<void>((resolve, reject) => {
      const look = () => {
        if (lines().length >= count) resolve();
      };
      child.stdout.on("data", look);
      child.once("close", () => reject(new Error(`The writer ended: ${errors}`)));
      look();
    });
  return { child, lines, said };
}

describe("a control plane that is killed in the middle of writing", () => {
  it("loses no event that it acknowledged, halves none, and is replaced at once", async () => {
    // Seeded: the number of lines after which each life ends.
    const lives = [3, 41, 157, 402, 11];
    const acknowledged: string[] = [];
    for (const [life, length] of lives.entries()) {
      const { child, lines, said } = writer();
      await said(length);
      await kill(child);
      const [first = "", ...acks] = lines();
      expect(first).toBe(`term ${life + 1}`);
      acknowledged.push(...acks);

      const ledger = await openLedger({ directory });
      const records = await all(ledger.readAll(0));
      const there = new Set(records.map((record) => `ack ${record.sequence} ${record.stream} ${record.version}`));
      expect(acknowledged.filter((ack) => !there.has(ack))).toEqual([]);
      expect(records.filter(({ type }) => type === "first@1")).toHaveLength(records.length / 2);
      expect(await ledger.audit.verify()).toMatchObject({ sound: true, size: records.length });
      await ledger.close();
    }
  });

  it("is read by others in the middle of its writing, and nobody takes that for damage", async () => {
    const { said } = writer();
    await said(2);
    for (let opened = 0; opened < OPENINGS; opened++) await (await openLedger({ directory })).close();
  });

  it("keeps others out for as long as it lives, by its process, not by its name", async () => {
    const { child, said } = writer();
    await said(2);
    const ledger = await openLedger({ directory });
    await expect(ledger.acquire("writer", 60_000)).rejects.toMatchObject({
      code: "ledger-in-use",
      facts: { holder: "writer", pid: child.pid, term: 1 },
    });
    await kill(child);
    expect((await ledger.acquire("writer", 60_000)).term).toBe(2);
    await ledger.close();
  });
});
