import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { afterAll, describe, expect, test } from "vitest";
import { Installation } from "./lab/installation.js";
import { customers, HARM, QUICK_CANARY, QUICK_ROLLING, web, writeShop } from "./lab/shop.js";

const lab = new Installation();
afterAll(async () => expect(await lab.end()).toEqual([]));

describe("a shop that is delivered release by release, under load", () => {
  test("deploy, status, a second and a third one, back, and back again goes one further back", async () => {
    writeShop(lab, { release: "1.0.0" });
    const first = await lab.cli("deploy", "lab", "--version", "1.0.0");
    expect(first).toMatchObject({ code: 0 });
    const { services } = await lab.view("shop/lab");
    const url = services[0]?.url ?? "";
    expect(first.output).toContain(url);
    const status = await lab.cli("status", "lab");
    expect(status.code).toBe(0);
    expect(status.output).toContain("1.0.0");

    const load = customers(url);
    try {
      for (const release of ["1.1.0", "1.2.0"]) {
        writeShop(lab, { release });
        expect(await lab.cli("deploy", "lab", "--version", release)).toMatchObject({ code: 0 });
        expect((await lab.view("shop/lab")).current?.label).toBe(release);
      }
      for (const release of ["1.1.0", "1.0.0"]) {
        const back = await lab.cli("rollback", "lab", "--yes");
        expect(back).toMatchObject({ code: 0 });
        expect((await lab.view("shop/lab")).current?.label).toBe(release);
        expect(await (await fetch(url)).json()).toMatchObject({ release });
      }
      const nowhere = await lab.cli("rollback", "lab", "--yes");
      expect(nowhere.code).toBe(2);
      expect(nowhere.output).toContain("nothing-before");
    } finally {
      const report = await load.stop();
      expect(report).toMatchObject({ failed: 0, shed: 0, reasons: {} });
      expect(Object.keys(report.perRelease).sort()).toEqual(["1.0.0", "1.1.0", "1.2.0"]);
    }
  });

  test("a harmful canary is hauled back by itself, and its revision is held until there is a fix", async () => {
    const before = await lab.view("shop/lab");
    const load = customers(before.services[0]?.url ?? "", "2.0.0");
    try {
      const services = { web: web({ strategy: QUICK_CANARY, guards: HARM, onTooLittleData: "hold" }) };
      writeShop(lab, { release: "2.0.0", failEvery: 2 }, services);
      const harmful = await lab.cli("deploy", "lab", "--version", "2.0.0");
      expect(harmful.code).toBe(3);
      expect(harmful.output).toContain("was hauled back");
      const after = await lab.view("shop/lab");
      expect(after.current).toEqual(before.current);
      // Those that somebody rolled back from are held as well.
      expect(after.holds.map(({ revision }) => revision.label).sort()).toEqual(["1.1.0", "1.2.0", "2.0.0"]);
      const why = await lab.cli("why", "lab");
      expect(why).toMatchObject({ code: 0 });

      const again = await lab.cli("deploy", "lab", "--version", "2.0.0");
      expect(again.code).toBe(2);
      expect(again.output).toMatch(/held/);

      writeShop(lab, { release: "2.0.1" }, services);
      expect(await lab.cli("deploy", "lab", "--version", "2.0.1")).toMatchObject({ code: 0 });
      expect((await lab.view("shop/lab")).current?.label).toBe("2.0.1");
    } finally {
      const report = await load.stop();
      expect(report).toMatchObject({
        failed: 0,
        shed: 0,
        reasons: expect.not.objectContaining({ ECONNREFUSED: expect.anything() }),
      });
      expect(report.failedByDesign).toBeGreaterThan(0);
    }
  });

  test("a release that exits at once is hauled back with its exit code and its last words", async () => {
    writeShop(lab, { release: "2.1.0", exits: 7 }, { web: web({ strategy: QUICK_ROLLING }) });
    const crashed = await lab.cli("deploy", "lab", "--version", "2.1.0");
    expect(crashed.code).toBe(3);
    expect(crashed.output).toContain("exit code 7");
    expect(crashed.output).toContain("TypeError: the price list is not a function");
    expect((await lab.view("shop/lab")).current?.label).toBe("2.0.1");
  });

  test("a release that never becomes ready meets its deadline, with what its probe said", async () => {
    writeShop(lab, { release: "2.2.0", neverReady: true }, { web: web({ readyDeadline: "3s" }) });
    const never = await lab.cli("deploy", "lab", "--version", "2.2.0");
    expect(never.code).toBe(3);
    expect(never.output).toMatch(/0 of 1 new replicas ready/);
    expect(never.output).toContain("GET /ready answered 503");
    expect((await lab.view("shop/lab")).current?.label).toBe("2.0.1");
  });

  test("a command that is not there is named", async () => {
    writeShop(lab, { release: "2.3.0" }, { web: web({ command: ["nod", "server.mjs"], readyDeadline: "5s" }) });
    const missing = await lab.cli("deploy", "lab", "--version", "2.3.0");
    expect(missing.code).toBe(3);
    expect(missing.output).toMatch(/host-command-not-found|no command nod/);
    expect((await lab.view("shop/lab")).current?.label).toBe("2.0.1");
  });

  test("a port that somebody else has is named, with who has it", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as AddressInfo;
    writeShop(lab, { release: "2.4.0" }, { web: web({ port, readyDeadline: "4s" }) });
    try {
      const taken = await lab.cli("deploy", "lab", "--version", "2.4.0");
      expect([3, 4], taken.output).toContain(taken.code);
      expect(taken.output).toContain("host-port-taken");
      expect(taken.output).toContain(String(port));
    } finally {
      other.close();
    }
    expect((await lab.view("shop/lab")).current?.label).toBe("2.0.1");
  });
});
