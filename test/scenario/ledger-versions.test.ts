import { cp, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openLedger } from "../../src/ledger/open.js";
import { all, event } from "../contract/ledger-store.js";

const fixtures = path.join(import.meta.dirname, "..", "fixtures");
const versions = (await readdir(fixtures)).filter((name) => name.startsWith("ledger-v"));
let room: string;
beforeEach(async () => {
  room = await mkdtemp(path.join(os.tmpdir(), "windlass-versions-"));
});
afterEach(() => rm(room, { recursive: true, force: true }));

describe("a ledger of every released version", () => {
  it.each(versions)("%s opens, verifies against its checkpoint, reads and goes on", async (version) => {
    const directory = path.join(room, version);
    await cp(path.join(fixtures, version), directory, { recursive: true });
    const checkpoint = await readFile(path.join(directory, "checkpoint"), "utf8");
    const verifierKey = (await readFile(path.join(directory, "verifier.key"), "utf8")).trim();
    const ledger = await openLedger({ directory });
    const pinned = { checkpoint, verifierKey };
    expect(await ledger.audit.verify({ pinned })).toMatchObject({ sound: true, problems: [] });
    const records = await all(ledger.readAll(0));
    expect(records.length).toBeGreaterThan(0);
    expect(records.map((record) => record.sequence)).toEqual(records.map((_, index) => index + 1));
    const { stream, version: last } = (await ledger.streams())[0] ?? { stream: "", version: 0 };
    await ledger.append(stream, last, [event("after")]);
    expect(await ledger.audit.verify({ pinned })).toMatchObject({ sound: true, size: records.length + 1 });
    await ledger.close();
  });
});
