import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { afterAll, describe, expect, test } from "vitest";
import { Driver } from "../../src/engine/driver.js";
import { SqliteLedger } from "../../src/ledger/sqlite/store.js";
import { archiveFile } from "../../src/ports/places.js";
import { ModelTarget } from "../../src/targets/model/target.js";
import { MemorySeries } from "../simulation/series.js";
import { behaviourOf, deployOf, environment, service } from "../simulation/system.js";
import { Installation } from "./lab/installation.js";
import { CALM, customers, web, writeShop } from "./lab/shop.js";

describe("a damaged artefact", () => {
  const lab = new Installation();
  afterAll(async () => expect(await lab.end()).toEqual([]));
  const services = { web: web({ guards: CALM, readyDeadline: "5s" }) };

  test("is not gone back to: what runs goes on, and the damage is named", async () => {
    for (const release of ["1.0.0", "1.1.0"]) {
      writeShop(lab, { release }, services);
      expect(await lab.cli("deploy", "lab", "--version", release)).toMatchObject({ code: 0 });
    }
    const view = await lab.view("shop/lab");
    const digest = (await lab.events("shop/lab"))
      .filter(({ type }) => type === "revision.registered@1")
      .map(({ data }) => (data as { revision: { release: { artefacts: { web: string } } } }).revision.release.artefacts)
      .at(0)?.web;
    const archive = archiveFile(lab.places.artefacts, digest ?? "");
    const bytes = readFileSync(archive);
    bytes.writeUInt8(bytes.readUInt8(1000) ^ 1, 1000);
    writeFileSync(archive, bytes);
    rmSync(path.join(lab.places.daemon, "artefacts", path.basename(archive, ".tar")), { recursive: true });

    const load = customers(view.services[0]?.url ?? "");
    try {
      const back = await lab.cli("rollback", "lab", "--yes");
      expect([3, 4], back.output).toContain(back.code);
      expect(back.output).toContain("artefact-corrupt");
      const after = await lab.view("shop/lab");
      expect(after.current?.label).toBe("1.1.0");
      expect(after.services[0]?.groups.find(({ revision }) => revision.label === "1.1.0")).toMatchObject({ ready: 2 });
    } finally {
      expect(await load.stop()).toMatchObject({ failed: 0, reasons: {} });
    }
  });

  test("is refused when it is uploaded", async () => {
    const digest = `sha256:${"0".repeat(64)}`;
    const upload = lab.control.putArtefact(digest, Readable.from([Buffer.from("something else")]));
    await expect(upload).rejects.toMatchObject({ code: expect.stringMatching(/^artefact-/) });
    expect(await lab.control.hasArtefact(digest)).toBe(false);
  });
});

test("a disk that is full refuses a deployment and not the way back", async () => {
  const directory = mkdtempSync(path.join(os.tmpdir(), "wl-full-"));
  let now = 0;
  const ledger = new SqliteLedger({ directory, limit: { pages: 120, reservedPages: 40 } });
  try {
    const lease = await ledger.acquire("engine", 1_000_000_000);
    const target = new ModelTarget(() => now, { behaviourOf, requestsPerSecond: 50 });
    const driver = new Driver("shop/production", {
      ledger,
      target,
      signals: target,
      series: new MemorySeries(),
      clock: { now: () => now, wall: () => now },
      term: lease.term,
      gates: () => [],
    });
    const ask = (command: Parameters<Driver["command"]>[0]["command"], key: string) =>
      driver.command({ command, key, expected: null, by: "user:ada" });
    const rest = async (outcome: string) => {
      for (const end = now + 600_000; now < end; now += 100) {
        await driver.step();
        if (driver.state.deployment?.outcome === outcome && driver.state.next === null) return;
      }
      throw new Error(`it never ${outcome}: ${JSON.stringify(driver.waiting)}`);
    };
    await driver.load();
    const guards = service("api").guards.slice(0, 0);
    const release = (version: string) => environment([service("api", { version, guards })]);
    for (const version of ["1", "2"]) {
      expect(await ask(deployOf(version, release(version)), version)).toMatchObject({ kind: "accepted" });
      await rest("succeeded");
    }
    const fill = async (bytes: number) => {
      const filler = { type: "filler@1", data: "x".repeat(bytes), at: 0, wall: "", by: "other", key: null };
      for (let version = 0; ; version++) await ledger.append(`other-${bytes}`, version, [filler]);
    };
    for (const bytes of [8_000, 500, 1]) await expect(fill(bytes)).rejects.toMatchObject({ code: "ledger-disk-full" });

    await expect(ask(deployOf("3", release("3")), "3")).rejects.toMatchObject({ code: "ledger-disk-full" });
    expect(await ask({ kind: "rollback", to: null, reason: null }, "back")).toMatchObject({ kind: "accepted" });
    await rest("succeeded");
    expect(driver.state.settled).toEqual(["r1"]);
    expect((await ledger.audit.verify()).sound).toBe(true);
  } finally {
    await ledger.close();
    rmSync(directory, { recursive: true });
  }
});
