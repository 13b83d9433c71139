import { readFileSync, statSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually, type Host, startHost } from "../../../test/contract/host.js";
import { storiesOn } from "../../../test/contract/host-stories.js";
import { intent } from "../../../test/contract/intents.js";
import { isAlive, processRow } from "./supervisor/process-table.js";

let host: Host;
beforeAll(async () => {
  host = await startHost();
});
afterAll(() => host.end());
const { apply, service, worker, ready, replica, portOf, pids, ask, traffics } = storiesOn(() => host);

describe("three processes, each of which may die", () => {
  test("a killed daemon is replaced, takes the running replicas over, and no request fails meanwhile", async () => {
    await apply("shop/adopt", 1, intent({ web: service(2) }));
    const before = await ready("shop/adopt", 2);
    const load = traffics(await portOf("shop/adopt"));
    const [daemon, edge] = [host.daemonPid(), await host.edgePid()];
    await host.kill(daemon);
    await host.target.ensureDaemon();
    const after = await ready("shop/adopt", 2);
    expect(pids(after)).toEqual(pids(before));
    expect(host.daemonPid()).not.toBe(daemon);
    expect(await host.edgePid()).toBe(edge);
    // It is the edge's child, and has the listening sockets from it.
    expect((await host.target.facts()).edge?.socketsHeld).toBe(true);
    expect((await host.target.observe("shop/adopt")).applied).toEqual({ term: 1, revision: 1 });
    const { sent, failed } = await load.stop();
    expect(failed).toEqual([]);
    expect(sent).toBeGreaterThan(10);
    // An adopted one that ends is started again; how it ended is unknown, and that is said.
    await host.kill(after[0]?.pid ?? 0);
    const restarted = await replica("shop/adopt", "web", (one) => one.restarts === 1 && one.phase === "ready");
    expect(restarted.lastExit).toMatchObject({ reason: "unknown", code: null });
    expect(restarted.lastExit?.message).toContain("another daemon");
  });

  test("a killed edge is back with the same port, and refuses no connection", async () => {
    await apply("shop/edge", 1, intent({ web: service(1) }));
    const [before] = await ready("shop/edge", 1);
    const port = await portOf("shop/edge");
    expect(await ask(port)).toMatchObject({ replica: "web-r1-1" });
    const load = traffics(port);
    await host.kill(await host.edgePid());
    await eventually(async () => (await ask(port)).replica, "it answers again");
    const { failed } = await load.stop();
    // What was in flight may break; nothing is refused.
    expect(failed.filter((why) => why.includes("ECONNREFUSED"))).toEqual([]);
    expect(failed.length).toBeLessThanOrEqual(1);
    expect(pids(await ready("shop/edge", 1))).toEqual([before?.pid]);
  });

  test("daemon and edge killed together come back with the same replicas and the same port", async () => {
    await apply("shop/both", 1, intent({ web: service(1) }));
    const before = await ready("shop/both", 1);
    const port = await portOf("shop/both");
    const edge = await host.edgePid();
    await Promise.all([host.kill(host.daemonPid()), host.kill(edge)]);
    await host.target.ensureDaemon();
    await eventually(async () => (await ask(port)).replica, "it answers again");
    expect(pids(await ready("shop/both", 1))).toEqual(pids(before));
  });

  test("without a control plane the edge starts the daemon again", async () => {
    await apply("shop/alone", 1, intent({ web: service(1) }));
    const before = await ready("shop/alone", 1);
    const daemon = host.daemonPid();
    await host.kill(daemon);
    await eventually(async () => (await host.target.hello()).pid !== daemon, "another daemon is there");
    expect(pids(await ready("shop/alone", 1))).toEqual(pids(before));
  });

  test("the watcher that systemd runs starts everything, and ends everything when it is told to end", async () => {
    const { spawn } = await import("node:child_process");
    const { mkdtempSync, rmSync } = await import("node:fs");
    const { placesIn } = await import("../../ports/places.js");
    const { createHostTarget } = await import("./target.js");
    const home = mkdtempSync("/tmp/windlass-boot-");
    const places = placesIn(home);
    const boot = new URL("./daemon/boot.ts", import.meta.url).pathname;
    const watcher = spawn(process.execPath, ["--import", import.meta.resolve("tsx"), boot, "--home", home]);
    const target = createHostTarget({ places, clock: { now: () => performance.now(), wall: () => Date.now() } });
    const facts = await eventually(async () => {
      const found = await target.facts();
      return found.edge !== null && found;
    }, "daemon and edge are there");
    await target.apply("shop/boot", { term: 1, revision: 1, intent: worker({}) });
    const pid = await eventually(
      async () => (await target.observe("shop/boot")).services.job?.groups.r1?.replicas[0]?.pid,
      "its replica runs",
    );
    const all = [facts.pid, facts.edge?.pid ?? 0, pid].map((one) => processRow(one) ?? expect.fail("gone"));
    watcher.kill("SIGTERM");
    await eventually(() => all.every((row) => !isAlive(row)), "all have ended");
    await eventually(() => watcher.exitCode === 0, "the watcher, too");
    target.close();
    rmSync(home, { recursive: true, force: true });
  });

  test("what died while no daemon was there is started again from the intent on the disk", async () => {
    await apply("shop/reboot", 3, intent({ web: service(2) }));
    const before = await ready("shop/reboot", 2);
    await host.kill(host.daemonPid());
    for (const { pid } of before) await host.kill(pid ?? 0);
    await host.target.ensureDaemon();
    const after = await ready("shop/reboot", 2);
    expect(pids(after)).not.toEqual(pids(before));
    expect((await host.target.observe("shop/reboot")).applied).toEqual({ term: 1, revision: 3 });
  });

  test("a pid that is somebody else's by now is not taken for the replica", async () => {
    await apply("shop/reuse", 1, worker({}));
    const [before] = await ready("shop/reuse", 1, "job");
    const file = path.join(host.places.daemon, "replicas", "shop~reuse~job-r1-1.json");
    const record = JSON.parse(readFileSync(file, "utf8"));
    await host.kill(host.daemonPid());
    await host.kill(before?.pid ?? 0);
    // This test's own process, under the start time of the dead one.
    const { writeFileSync } = await import("node:fs");
    writeFileSync(file, JSON.stringify({ ...record, process: { ...record.process, pid: process.pid } }));
    await host.target.ensureDaemon();
    const [after] = await ready("shop/reuse", 1, "job");
    expect(after?.pid).not.toBe(process.pid);
    expect(isAlive(processRow(process.pid) ?? expect.fail("gone"))).toBe(true);
  });

  test("a second daemon ends by itself; sockets and files are their owner's alone", async () => {
    const { spawnSync } = await import("node:child_process");
    const { daemonArgv } = await import("./daemon/entry.js");
    const holder = host.daemonPid();
    const second = spawnSync(process.execPath, daemonArgv(host.places), { encoding: "utf8" });
    expect(second.status).toBe(0);
    expect(second.stderr).toContain(`process ${holder} is the daemon here already`);
    expect(statSync(host.places.daemonSocket).mode & 0o777).toBe(0o600);
    expect(statSync(path.dirname(host.places.daemonSocket)).mode & 0o777).toBe(0o700);
    expect(statSync(path.join(host.places.daemon, "intents", "shop~adopt.json")).mode & 0o777).toBe(0o600);
  });

  test("a daemon of another version takes over and replaces the edge, and no request fails", async () => {
    await apply("shop/upgrade", 1, intent({ web: service(2) }));
    const before = await ready("shop/upgrade", 2);
    const port = await portOf("shop/upgrade");
    const load = traffics(port);
    const edge = await host.edgePid();
    await host.target.leave(false);
    const { daemonArgv } = await import("./daemon/entry.js");
    const { createHostTarget } = await import("./target.js");
    const clock = { now: () => performance.now(), wall: () => Date.now() };
    const argv = [...daemonArgv(host.places), "--version", "99.0.0"];
    const next = createHostTarget({ places: host.places, clock, daemonArgv: argv });
    await eventually(async () => {
      await next.ensureDaemon();
      return (await next.hello()).version === "99.0.0";
    }, "the next version is there");
    await eventually(
      async () => (await next.facts()).edge?.pid !== edge && processRow(edge)?.zombie !== false,
      "the edge is a new one, and the old one has ended",
    );
    const { sent, failed } = await load.stop();
    expect(failed).toEqual([]);
    expect(sent).toBeGreaterThan(10);
    expect(pids(await ready("shop/upgrade", 2))).toEqual(pids(before));
    expect(await portOf("shop/upgrade")).toBe(port);
    next.close();
  });

  test("a killed control plane is started again, one that ends on purpose is not", async () => {
    const { spawn } = await import("node:child_process");
    const argv = ["-e", "setInterval(() => {}, 1000)"];
    const plane = spawn(process.execPath, argv, { stdio: "ignore" });
    const { startTime } = processRow(plane.pid ?? 0) ?? expect.fail("not started");
    await host.target.watchControlPlane({ argv, pid: plane.pid ?? 0, startTime });
    await host.kill(plane.pid ?? 0);
    const file = path.join(host.places.daemon, "control-plane.json");
    const again = await eventually(() => {
      const known = JSON.parse(readFileSync(file, "utf8"));
      return known.pid !== plane.pid && known;
    }, "another one runs");
    expect(isAlive(again)).toBe(true);
    await host.target.watchControlPlane(null);
    await host.kill(again.pid);
  });
});
