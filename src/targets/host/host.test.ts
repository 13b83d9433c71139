import { readFileSync, statSync } from "node:fs";
import net from "node:net";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually, type Host, startHost } from "../../../test/contract/host.js";
import { fixture, group, intent, traffic } from "../../../test/contract/intents.js";
import type { Intent, Workload } from "../../core/model/intent.js";
import type { GroupObservation, ReplicaObservation } from "../../core/model/observation.js";
import { isAlive, processRow } from "./supervisor/process-table.js";

let host: Host;
beforeAll(async () => {
  host = await startHost();
});
afterAll(() => host.end());

const apply = (environment: string, revision: number, wanted: Intent): Promise<void> =>
  host.target.apply(environment, { term: 1, revision, intent: wanted });

const service = (count: number, changes: Partial<Workload> = {}, port = 0): Intent["services"][string] => ({
  groups: { r1: group("r1", count, changes) },
  traffic: traffic({ r1: 100 }, { listen: { host: "127.0.0.1", port, tls: null } }),
});
const worker = (changes: Partial<Workload>): Intent => {
  const groups = { r1: group("r1", 1, { hasPort: false, run: fixture("worker"), ...changes }) };
  return intent({ job: { groups, traffic: null } });
};

async function groupOf(environment: string, name = "web"): Promise<GroupObservation | undefined> {
  return (await host.target.observe(environment)).services[name]?.groups.r1;
}

/** The replicas once so many are ready. */
function ready(environment: string, count: number, name = "web"): Promise<readonly ReplicaObservation[]> {
  return eventually(async () => {
    const replicas = (await groupOf(environment, name))?.replicas ?? [];
    return replicas.length === count && replicas.every((one) => one.phase === "ready") && replicas;
  }, `${count} of ${name} are ready`);
}

function replica(
  environment: string,
  name: string,
  is: (one: ReplicaObservation) => boolean,
): Promise<ReplicaObservation> {
  return eventually(async () => (await groupOf(environment, name))?.replicas.find(is), `a replica of ${name} is so`);
}

async function portOf(environment: string, name = "web"): Promise<number> {
  return eventually(async () => (await host.target.observe(environment)).services[name]?.port, "it has a port");
}

const pids = (replicas: readonly ReplicaObservation[]): (number | null)[] => replicas.map(({ pid }) => pid);

async function ask(port: number, location = "/"): Promise<Record<string, string>> {
  const response = await fetch(`http://127.0.0.1:${port}${location}`);
  if (!response.ok) throw new Error(`${location} answered ${response.status}`);
  return (await response.json()) as Record<string, string>;
}

/** Requests one after the other until it is told to stop; counts what failed. */
function traffics(port: number): { stop(): Promise<{ sent: number; failed: string[] }> } {
  let going = true;
  const failed: string[] = [];
  let sent = 0;
  const done = (async () => {
    while (going) {
      sent++;
      await ask(port).catch((error: unknown) => failed.push(String((error as Error).cause ?? error)));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  })();
  return {
    async stop() {
      going = false;
      await done;
      return { sent, failed };
    },
  };
}

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

describe("what replicas do", () => {
  test("a replica has its port and its names, secrets by name, and nothing of the daemon's own environment", async () => {
    const environment: Workload["environment"] = {
      GREETING: { kind: "plain", value: "hello" },
      TOKEN: { kind: "secret", name: "token", generate: false },
      MADE: { kind: "secret", name: "made", generate: true },
    };
    await apply("shop/env", 1, intent({ web: service(1, { environment }) }));
    const missing = await eventually(async () => (await groupOf("shop/env"))?.problem, "the secret is missing");
    expect(missing).toContain("the secret token has no value in shop/env");
    await host.target.setSecrets("shop/env", { token: "s3cret" });
    const [one] = await ready("shop/env", 1);
    const seen = await ask(await portOf("shop/env"), "/environment");
    expect(seen).toMatchObject({ GREETING: "hello", TOKEN: "s3cret", HOST: "127.0.0.1", PORT: String(one?.port) });
    expect(seen).toMatchObject({
      WINDLASS_SERVICE: "web",
      WINDLASS_RELEASE: "1.0.0-r1",
      WINDLASS_ENVIRONMENT: "shop/env",
    });
    expect(seen.MADE).toMatch(/^[0-9a-f]{64}$/);
    expect(seen.VITEST).toBeUndefined();
    expect((await groupOf("shop/env"))?.problem).toBeNull();
    const file = path.join(host.places.daemon, "secrets", "shop", "env.json");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(JSON.stringify(await host.target.observe("shop/env"))).not.toContain("s3cret");
    expect(readFileSync(path.join(host.places.daemon, "intents", "shop~env.json"), "utf8")).not.toContain("s3cret");
  });

  test("one that ignores SIGTERM is killed after its grace, with its children and what escaped into another session", async () => {
    await apply("shop/stubborn", 1, intent({ web: service(1, { run: fixture("stubborn"), stopGraceMs: 300 }) }));
    const [one] = await ready("shop/stubborn", 1);
    const { escaped, child } = await ask(await portOf("shop/stubborn"));
    const all = [one?.pid, escaped, child].map((pid) => processRow(Number(pid)) ?? expect.fail(`${pid} is not there`));
    await apply("shop/stubborn", 2, intent({}));
    await eventually(() => all.every((row) => !isAlive(row)), "all three are gone");
  });

  test("one that forks and ends is not taken for running, and what it forked is ended", async () => {
    await apply("shop/forks", 1, worker({ run: fixture("forks") }));
    const ended = await replica("shop/forks", "job", (found) => found.lastExit !== null);
    expect(ended.lastExit).toMatchObject({ code: 0, reason: "exited" });
    expect(ended.lastExit?.message).toContain("has to stay in the foreground");
    const pid = Number(/forked (\d+)/.exec(ended.lastExit?.lastLines.join("\n") ?? "")?.[1]);
    await eventually(() => processRow(pid)?.zombie !== false, "what it forked has ended");
    await apply("shop/forks", 2, intent({}));
  });

  test("a command that is not there is named, with what to do", async () => {
    await apply("shop/missing", 1, worker({ run: { kind: "command", argv: ["no-such-command-here"] } }));
    const found = await eventually(async () => {
      const seen = await groupOf("shop/missing", "job");
      return seen?.problem !== null && seen;
    }, "it has a problem");
    expect(found.problem).toContain("there is no command no-such-command-here here. Install it");
    expect(found.replicas[0]?.lastExit).toMatchObject({ reason: "could-not-start" });
    await apply("shop/missing", 2, intent({}));
  });

  test("an image and an artefact that is not here are problems, not crashes", async () => {
    const artefact = `sha256:${"0".repeat(64)}`;
    await apply("shop/artefact", 1, worker({ artefact }));
    const problem = await eventually(async () => (await groupOf("shop/artefact", "job"))?.problem, "a problem");
    expect(problem).toContain(`the artefact ${artefact} is not on this machine`);
    await apply("shop/artefact", 2, worker({ run: { kind: "image", image: "nginx@sha256:1", argv: null } }));
    await eventually(
      async () => (await groupOf("shop/artefact", "job"))?.problem?.includes("runs commands"),
      "another",
    );
    await apply("shop/artefact", 3, intent({}));
  });

  test("one that needs more memory than its limit is ended, and that is said", async () => {
    await apply("shop/memory", 1, intent({ web: service(1, { memoryBytes: 200 * 1024 * 1024 }) }));
    await ready("shop/memory", 1);
    const port = await portOf("shop/memory");
    await ask(port, "/eat").catch((error: unknown) => expect(error).toBeInstanceOf(Error));
    const ended = await replica("shop/memory", "web", (found) => found.lastExit !== null);
    expect(ended.lastExit).toMatchObject({ reason: "out-of-memory" });
    expect(ended.lastExit?.message).toContain("200 MiB");
    const { limits } = await host.target.facts();
    expect(limits["shop/memory/web-r1-1"]?.memory).toMatch(/^(cgroup|polling)$/);
    await apply("shop/memory", 2, intent({}));
  });

  test("a gigabyte of output fills two small files, and the last lines are the last ones", async () => {
    await apply(
      "shop/chatter",
      1,
      worker({ run: fixture("chatter"), environment: { MIB: { kind: "plain", value: "1024" } } }),
    );
    await ready("shop/chatter", 1, "job");
    const file = path.join(host.places.daemon, "logs", "shop~chatter", "job-r1-1", "stdout.log");
    await eventually(async () => {
      const query = { service: null, replica: null, lines: 1, follow: false };
      for await (const line of host.target.logs("shop/chatter", query, AbortSignal.timeout(5_000)))
        if (line.text === "all printed") return true;
      return false;
    }, "all is printed");
    await eventually(() => statSync(file).size <= 8 * 1024 * 1024, "the file is small");
    expect(statSync(`${file}.1`).size).toBeLessThanOrEqual(20 * 1024 * 1024);
    await apply("shop/chatter", 2, intent({}));
  });

  test("binary output reaches no terminal", async () => {
    await apply(
      "shop/binary",
      1,
      worker({ run: fixture("chatter"), environment: { BINARY: { kind: "plain", value: "1" } } }),
    );
    await ready("shop/binary", 1, "job");
    const query = { service: null, replica: null, lines: 50, follow: false };
    const texts: string[] = [];
    for await (const line of host.target.logs("shop/binary", query, AbortSignal.timeout(5_000))) texts.push(line.text);
    expect(texts.length).toBeGreaterThan(0);
    expect(texts.join("\n")).not.toMatch(/[^\P{Cc}\t\n]/u);
    await apply("shop/binary", 2, intent({}));
  });

  test("one that is not ready gets no requests until it is again", async () => {
    const readiness = {
      action: { kind: "http", path: "/ready" },
      delayMs: 0,
      periodMs: 100,
      timeoutMs: 1_000,
      failures: 1,
      successes: 1,
    } as const;
    const probes = { startup: null, liveness: null, readiness };
    await apply("shop/unready", 1, intent({ web: service(2, { probes }) }));
    const before = await ready("shop/unready", 2);
    const port = await portOf("shop/unready");
    const { replica: first } = await ask(port, "/unready");
    const seen = await replica("shop/unready", "web", (found) => found.phase === "unready");
    expect(seen).toMatchObject({ id: first, probe: "GET /ready answered 503", restarts: 0 });
    await eventually(
      async () => (await ask(port)).replica !== first && (await ask(port)).replica !== first,
      "the other answers",
    );
    expect(pids((await groupOf("shop/unready"))?.replicas ?? [])).toEqual(pids(before));
  });

  test("one whose liveness probe fails is started again", async () => {
    const liveness = {
      action: { kind: "http", path: "/ready" },
      delayMs: 0,
      periodMs: 100,
      timeoutMs: 1_000,
      failures: 2,
      successes: 1,
    } as const;
    await apply(
      "shop/liveness",
      1,
      intent({ web: service(1, { probes: { startup: null, readiness: null, liveness } }) }),
    );
    await ready("shop/liveness", 1);
    await ask(await portOf("shop/liveness"), "/unready");
    const again = await replica("shop/liveness", "web", (found) => found.restarts === 1 && found.phase === "ready");
    expect(again.lastExit).toMatchObject({ reason: "liveness" });
    expect(again.lastExit?.message).toContain("GET /ready answered 503");
    const restarts = await eventually(async () => {
      const { blocks } = await host.target.read("shop/liveness", null);
      return blocks.reduce((total, block) => total + block.restarts, 0);
    }, "the restart is counted");
    expect(restarts).toBe(1);
  });

  test("a slow request is answered by a replica that is being taken away", async () => {
    await apply("shop/drain", 1, intent({ web: service(1) }));
    await ready("shop/drain", 1);
    const port = await portOf("shop/drain");
    const slow = ask(port, "/?ms=800");
    await eventually(async () => ((await groupOf("shop/drain"))?.inFlight ?? 0) > 0, "it is in flight");
    await apply(
      "shop/drain",
      2,
      intent({ web: { ...service(1), groups: { r2: group("r2", 1) }, traffic: traffic({ r2: 100 }) } }),
    );
    expect(await slow).toMatchObject({ release: "1.0.0-r1" });
    await eventually(async () => (await groupOf("shop/drain")) === undefined, "r1 is gone");
    expect(await ask(port)).toMatchObject({ release: "1.0.0-r2" });
  });

  test("a port that somebody else has is named, with who has it, and taken once it is free", async () => {
    const other = net.createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const { port } = other.address() as net.AddressInfo;
    await apply("shop/port", 1, intent({ web: service(1, {}, port) }));
    const problem = await eventually(async () => (await groupOf("shop/port"))?.problem, "a problem");
    expect(problem).toContain(`host-port-taken: port ${port} on 127.0.0.1 is taken`);
    if (process.platform === "linux") expect(problem).toContain(`process ${process.pid}`);
    await new Promise((resolve) => other.close(resolve));
    await eventually(async () => (await ask(port)).replica, "it answers");
    expect((await groupOf("shop/port"))?.problem).toBeNull();
  });

  test("a service waits for its database, gets its URL, and the database outlives the daemon", async () => {
    const db = { name: "db", kind: "postgres", source: { kind: "embedded" } } as const;
    const web = service(1, { uses: [{ resource: "db", variable: "DATABASE_URL" }] });
    await apply("shop/database", 1, intent({ web }, { resources: { db } }));
    await eventually(
      async () => (await groupOf("shop/database"))?.replicas[0]?.probe?.includes("the resource db"),
      "it waits",
    );
    const [before] = await ready("shop/database", 1);
    const seen = await ask(await portOf("shop/database"), "/environment");
    expect(seen.DATABASE_URL).toMatch(/^postgres:\/\/db:[0-9a-f]+@127\.0\.0\.1:\d+\/db$/);
    const observation = await host.target.observe("shop/database");
    expect(observation.resources.db).toMatchObject({
      phase: "ready",
      detail: expect.stringMatching(/^PostgreSQL \d+/),
    });
    expect(JSON.stringify(observation)).not.toContain(new URL(seen.DATABASE_URL ?? "").password);
    const record = (): { process: { pid: number; startTime: string } } =>
      JSON.parse(
        readFileSync(path.join(host.places.daemon, "resources", "shop~database", "db", "process.json"), "utf8"),
      );
    const { process: postmaster } = record();
    await host.kill(host.daemonPid());
    await host.target.ensureDaemon();
    expect(pids(await ready("shop/database", 1))).toEqual([before?.pid]);
    expect(record().process).toEqual(postmaster);
    await host.kill(postmaster.pid);
    await eventually(async () => {
      const now = record().process;
      return (
        now !== null &&
        now.pid !== postmaster.pid &&
        (await host.target.observe("shop/database")).resources.db?.phase === "ready"
      );
    }, "the database is back");
    await apply("shop/database", 2, intent({}));
    await eventually(() => record().process === null, "the database has ended");
  });
});
