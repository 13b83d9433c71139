import { cp, mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import Database from "libsql";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { NewEvent } from "../core/model/event.js";
import { checkGrowth, checkProof } from "../proof/document.js";
import { checkExport } from "../proof/export.js";
import { leafHash } from "../proof/merkle.js";
import { type OpenLedger, openLedger } from "./open.js";

let room: string;
let directory: string;
const opened: OpenLedger[] = [];

async function open(where = directory, options: { damaged?: boolean } = {}): Promise<OpenLedger> {
  const ledger = await openLedger({ directory: where, ...options });
  opened.push(ledger);
  return ledger;
}

beforeEach(async () => {
  room = await mkdtemp(path.join(os.tmpdir(), "windlass-audit-"));
  directory = path.join(room, "ledger");
});
afterEach(async () => {
  for (const ledger of opened.splice(0)) await ledger.close();
  await rm(room, { recursive: true, force: true });
});

const event = (n: number): NewEvent => ({
  type: "counted@1",
  data: { n },
  at: n,
  wall: "2026-11-21T08:00:00.000Z",
  by: "engine",
  key: n % 3 === 0 ? `key-${n}` : null,
});

/** A closed ledger of 30 records, two thirds in one stream, and its checkpoint. */
async function thirty(): Promise<{ checkpoint: string; verifierKey: string }> {
  const ledger = await open();
  for (let n = 0; n < 20; n += 2) {
    await ledger.append("shop/production", n, [event(n), event(n + 1)]);
    await ledger.append("shop", n / 2, [event(n)]);
  }
  const kept = { checkpoint: await ledger.audit.checkpoint(), verifierKey: ledger.audit.verifierKey };
  await ledger.close();
  return kept;
}

function tamper(sql: string, where = directory): void {
  const db = new Database(path.join(where, "ledger.db"));
  db.exec(sql);
  db.close();
}

async function findings(pinned?: { checkpoint: string; verifierKey: string }) {
  const ledger = await open(directory, { damaged: true });
  const report = await ledger.audit.verify(pinned === undefined ? {} : { pinned });
  await ledger.close();
  expect(report.sound).toBe(report.problemCount === 0);
  return report.problems.map(({ kind, sequence, to, record }) => ({ kind, sequence, to, record }));
}

/** What somebody with the files and patience does: the record, its leaf, the whole tree and the head fit again. */
async function rewrite(sequence: number): Promise<void> {
  const db = new Database(path.join(directory, "ledger.db"));
  const [text] = db.prepare("SELECT record FROM events WHERE sequence = ?").raw().get([sequence]) as [string];
  const forged = text.replace('"by":"engine"', '"by":"nobody"');
  db.prepare("UPDATE events SET record = ? WHERE sequence = ?").run([forged, sequence]);
  db.prepare("UPDATE leaves SET hash = ? WHERE sequence = ?").run([leafHash(forged), sequence]);
  const { Edge } = await import("../proof/merkle.js");
  const edge = new Edge();
  for (const [leaf] of db.prepare("SELECT hash FROM leaves ORDER BY sequence").raw().all([]) as [Buffer][]) {
    edge.append(leaf);
  }
  db.prepare("UPDATE head SET edge = ?").run([edge.bytes()]);
  db.close();
}

describe("verifying a ledger", () => {
  it("finds nothing in a sound one, in full or by its leaves, with and without a checkpoint", async () => {
    const pinned = await thirty();
    const ledger = await open();
    for (const options of [{}, { pinned }, { full: false }, { pinned, full: false }]) {
      expect(await ledger.audit.verify(options)).toMatchObject({ sound: true, size: 30, problems: [] });
    }
    await ledger.append("shop", 10, [event(99)]);
    expect(await ledger.audit.verify({ pinned })).toMatchObject({ sound: true, size: 31 });
  });

  it("finds nothing in an empty one", async () => {
    const ledger = await open();
    const pinned = { checkpoint: await ledger.audit.checkpoint() };
    expect(await ledger.audit.verify({ pinned })).toMatchObject({ sound: true, size: 0 });
  });

  it("names an edited record", async () => {
    const pinned = await thirty();
    tamper(`UPDATE events SET record = replace(record, '"by":"engine"', '"by":"mallory"') WHERE sequence = 7`);
    expect(await findings(pinned)).toEqual([{ kind: "edited", sequence: 7, to: 7, record: "shop/production@5" }]);
  });

  it("names a record that cannot be read any more", async () => {
    await thirty();
    tamper("UPDATE events SET record = 'gone' WHERE sequence = 8");
    expect(await findings()).toEqual([{ kind: "edited", sequence: 8, to: 8, record: "shop/production@6" }]);
  });

  it("names a removed record, and the place where its stream has a gap", async () => {
    const pinned = await thirty();
    tamper("DELETE FROM events WHERE sequence = 9");
    expect(await findings(pinned)).toEqual([
      { kind: "removed", sequence: 9, to: 9, record: null },
      { kind: "inconsistent", sequence: 12, to: 12, record: "shop@4" },
    ]);
    tamper("DELETE FROM leaves WHERE sequence = 9");
    expect((await findings(pinned))[0]).toEqual({ kind: "removed", sequence: 9, to: 9, record: null });
  });

  it("names reordered records", async () => {
    const pinned = await thirty();
    tamper(`UPDATE events SET sequence = 100 WHERE sequence = 3; UPDATE events SET sequence = 3 WHERE sequence = 5;
      UPDATE events SET sequence = 5 WHERE sequence = 100`);
    const found = await findings(pinned);
    expect(found.filter(({ kind }) => kind === "reordered")).toEqual([
      { kind: "reordered", sequence: 3, to: 3, record: "shop/production@4" },
      { kind: "reordered", sequence: 5, to: 5, record: "shop@1" },
    ]);
  });

  it("finds truncated records, also when the tail of every table was cut", async () => {
    const pinned = await thirty();
    tamper("DELETE FROM events WHERE sequence > 27");
    expect((await findings())[0]).toEqual({ kind: "truncated", sequence: 28, to: 30, record: null });
    await expect(open()).rejects.toMatchObject({ code: "ledger-corrupt" });
    tamper("DELETE FROM leaves WHERE sequence > 27");
    expect((await findings(pinned)).at(-1)).toEqual({ kind: "older-copy", sequence: 28, to: 30, record: null });
  });

  it("finds an older copy of the whole ledger, which is sound in itself", async () => {
    const ledger = await open();
    await ledger.append("s", 0, [event(1), event(2)]);
    await ledger.close();
    const copy = path.join(room, "copy");
    await cp(directory, copy, { recursive: true });
    const later = await open();
    await later.append("s", 2, [event(3)]);
    const pinned = { checkpoint: await later.audit.checkpoint() };
    await later.close();
    await rm(directory, { recursive: true });
    await cp(copy, directory, { recursive: true });
    const old = await open();
    expect(await old.audit.verify()).toMatchObject({ sound: true, size: 2 });
    expect((await old.audit.verify({ pinned })).problems).toMatchObject([{ kind: "older-copy", sequence: 3, to: 3 }]);
    await expect(old.audit.proveGrowth(pinned.checkpoint)).rejects.toMatchObject({ code: "proof-invalid" });
  });

  it("finds what was rewritten so that everything fits again, against a checkpoint that somebody kept", async () => {
    const pinned = await thirty();
    await rewrite(11);
    expect(await findings()).toEqual([]);
    expect(await findings(pinned)).toEqual([{ kind: "rewritten", sequence: 1, to: 30, record: null }]);
  });

  it("narrows down what was rewritten by the checkpoints that the ledger signed on its way", async () => {
    const ledger = await open();
    for (let n = 0; n < 3_000; n += 100)
      await ledger.append(
        "s",
        n,
        Array.from({ length: 100 }, (_, i) => event(n + i)),
      );
    await ledger.close();
    await rewrite(1_500);
    expect(await findings()).toEqual([{ kind: "rewritten", sequence: 1_101, to: 2_100, record: null }]);
  });

  it("finds a head, an index or a kept checkpoint that was tampered with", async () => {
    await thirty();
    const kinds = async () => (await findings()).map(({ kind, sequence }) => `${kind} ${sequence}`);
    tamper("UPDATE streams SET version = 3 WHERE stream = 'shop'; UPDATE events SET key = 'k' WHERE sequence = 5");
    expect(await kinds()).toEqual(["inconsistent 5", "inconsistent 30"]);
    tamper("INSERT INTO checkpoints VALUES (12, 'not a note')");
    expect(await kinds()).toContain("inconsistent 12");
    tamper("UPDATE head SET edge = x'00'");
    expect((await kinds()).at(-1)).toBe("inconsistent 30");
    await expect(open()).rejects.toMatchObject({ code: "ledger-corrupt" });
  });

  it("refuses a pinned checkpoint that somebody else signed", async () => {
    const pinned = await thirty();
    const forged = pinned.checkpoint.replace("\n30\n", "\n29\n");
    const ledger = await open();
    await expect(ledger.audit.verify({ pinned: { checkpoint: forged } })).rejects.toMatchObject({
      code: "proof-signature",
    });
  });

  it("goes on while the ledger is written to", async () => {
    const ledger = await open();
    await ledger.append(
      "s",
      0,
      Array.from({ length: 2_500 }, (_, n) => event(n)),
    );
    const [report] = await Promise.all([ledger.audit.verify(), ledger.append("s", 2_500, [event(1)])]);
    expect(report).toMatchObject({ sound: true });
  });
});

describe("proofs, exports and backups", () => {
  it("prove each record to whoever has the verifier key, by number or by name", async () => {
    await thirty();
    const { audit } = await open();
    for (let sequence = 1; sequence <= 30; sequence += 1) {
      const proof = JSON.parse(JSON.stringify(await audit.prove(sequence)));
      expect(checkProof(proof, audit.verifierKey).record.sequence).toBe(sequence);
    }
    const named = await audit.prove({ stream: "shop", version: 2 });
    expect(checkProof(named, audit.verifierKey).record).toMatchObject({ stream: "shop", version: 2, sequence: 6 });
    await expect(audit.prove(31)).rejects.toMatchObject({ code: "ledger-no-record" });
    await expect(audit.prove({ stream: "none", version: 1 })).rejects.toMatchObject({ code: "ledger-no-record" });
  });

  it("prove that the ledger only grew since a checkpoint", async () => {
    const { checkpoint } = await thirty();
    const ledger = await open();
    await ledger.append("shop", 10, [event(1), event(2), event(3)]);
    const proof = await ledger.audit.proveGrowth(checkpoint);
    const { from, to } = checkGrowth(proof, ledger.audit.verifierKey);
    expect([from.size, to.size]).toEqual([30, 33]);
  });

  it("export the ledger so that it can be checked without Windlass's files", async () => {
    await thirty();
    const ledger = await open();
    const { checkpoint, lines } = await ledger.audit.export();
    await ledger.append("shop", 10, [event(1)]);
    const exported: string[] = [];
    for await (const line of lines) exported.push(line);
    expect(exported).toHaveLength(30);
    async function* from(list: string[]) {
      yield* list;
    }
    const key = ledger.audit.verifierKey;
    expect((await checkExport(from(exported), checkpoint, key)).size).toBe(30);
    const swapped = [exported[1] ?? "", exported[0] ?? "", ...exported.slice(2)];
    for (const wrong of [swapped, exported.slice(1), [...exported, "{}"]]) {
      await expect(checkExport(from(wrong), checkpoint, key)).rejects.toMatchObject({ code: "proof-invalid" });
    }
  });

  it("back up a ledger in use, whole and without its private key; the copy opens, verifies and goes on", async () => {
    await thirty();
    const ledger = await open();
    await ledger.acquire("control plane", 60_000);
    const copy = path.join(room, "backups", "today");
    const { checkpoint } = await ledger.audit.backup(copy);
    await ledger.append("shop", 10, [event(1)]);
    expect((await readdir(copy)).sort()).toEqual(["checkpoint", "ledger.db", "verifier.key"]);
    expect((await stat(copy)).mode & 0o777).toBe(0o700);
    const verifierKey = (await readFile(path.join(copy, "verifier.key"), "utf8")).trim();
    expect(verifierKey).toBe(ledger.audit.verifierKey);
    await expect(ledger.audit.backup(copy)).rejects.toMatchObject({ code: "ledger-backup-exists" });
    const restored = await open(copy);
    await restored.acquire("control plane", 60_000);
    await restored.append("shop", 10, [event(2)]);
    const report = await restored.audit.verify({ pinned: { checkpoint, verifierKey } });
    expect(report).toMatchObject({ sound: true, size: 31 });
    expect(restored.audit.verifierKey).not.toBe(verifierKey);
  });

  it("keep the private key to the owner, and the key over restarts", async () => {
    const { verifierKey } = await thirty();
    const ledger = await open();
    expect(ledger.audit.verifierKey).toBe(verifierKey);
    for (const name of ["checkpoint.key", "ledger.db"]) {
      expect((await stat(path.join(directory, name))).mode & 0o777).toBe(0o600);
    }
  });
});
