import { existsSync, readFileSync, statSync } from "node:fs";
import net from "node:net";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually, type Host, startHost } from "../../../test/contract/host.js";
import { storiesOn } from "../../../test/contract/host-stories.js";
import { fixture, group, intent, traffic } from "../../../test/contract/intents.js";
import type { Workload } from "../../core/model/intent.js";
import { isAlive, processRow } from "./supervisor/process-table.js";

let host: Host;
beforeAll(async () => {
  // Whatever this machine has: here is no Engine. The daemon inherits it.
  process.env.DOCKER_HOST = "unix:///nowhere/docker.sock";
  host = await startHost();
});
afterAll(() => host.end());
const { apply, service, worker, groupOf, ready, replica, portOf, pids, ask } = storiesOn(() => host);

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

  test("what it printed before it ended is told without its secrets", async () => {
    const url = "postgres://shop:p%40ssw0rd@db.example/shop";
    await host.target.setSecrets("shop/talks", { url });
    const says = "console.error('cannot reach', process.env.DB, 'as p@ssw0rd'); process.exit(1)";
    const run = { kind: "command", argv: [process.execPath, "-e", says] } as const;
    await apply(
      "shop/talks",
      1,
      worker({ run, environment: { DB: { kind: "secret", name: "url", generate: false } } }),
    );
    const ended = await replica("shop/talks", "job", (found) => found.lastExit !== null);
    expect(ended.lastExit?.lastLines).toEqual(["cannot reach ••• as •••"]);
    await apply("shop/talks", 2, intent({}));
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

  test("an image where there is no Engine, and an artefact that is not here, are problems, not crashes", async () => {
    const artefact = `sha256:${"0".repeat(64)}`;
    await apply("shop/artefact", 1, worker({ artefact }));
    const problem = await eventually(async () => (await groupOf("shop/artefact", "job"))?.problem, "a problem");
    expect(problem).toContain(`the artefact ${artefact} is not on this machine`);
    await apply("shop/artefact", 2, worker({ run: { kind: "image", image: "nginx@sha256:1", argv: null } }));
    const waiting = await eventually(async () => {
      const seen = await groupOf("shop/artefact", "job");
      return seen?.problem?.includes("no Docker Engine answers on /nowhere/docker.sock") && seen;
    }, "another");
    expect(waiting.replicas[0]).toMatchObject({ phase: "starting", restarts: 0, crashLoop: false });
    expect((await host.target.facts()).docker).toMatchObject({ ok: false });
    await apply("shop/artefact", 3, intent({}));
    await eventually(async () => (await groupOf("shop/artefact", "job")) === undefined, "it is gone");
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
    const moved = (): boolean => existsSync(`${file}.1`) && statSync(file).size <= 8 * 1024 * 1024;
    await eventually(moved, "the file is small and the newest of it moved away");
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
    // However long the process takes to start on a busy machine: until then its liveness is not asked for.
    const startup = { ...liveness, failures: 600 };
    await apply("shop/liveness", 1, intent({ web: service(1, { probes: { startup, readiness: null, liveness } }) }));
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

  test("two services on one port: the second is told who has it, the first goes on", async () => {
    await apply("shop/first", 1, intent({ web: service(1) }));
    await ready("shop/first", 1);
    const port = await portOf("shop/first");
    await apply("shop/second", 1, intent({ web: service(1, {}, port) }));
    const second = await eventually(async () => {
      const seen = await groupOf("shop/second");
      return seen !== undefined && seen.problem !== null && seen;
    }, "the second has a problem");
    expect(second.problem).toContain(`host-port-taken: clients reach shop/first/web on port ${port}`);
    expect(await ask(port)).toMatchObject({ release: "1.0.0-r1" });
    await apply("shop/second", 2, intent({}));
    await apply("shop/first", 2, intent({}));
  });

  test("one whose certificate cannot be read is told so, and keeps nobody else from being routed", async () => {
    const tls = { certificate: "/nowhere/cert.pem", key: "/nowhere/key.pem" };
    const secure = service(1);
    const listen = { host: "127.0.0.1", port: 0, tls };
    await apply("shop/secure", 1, intent({ web: { ...secure, traffic: traffic({ r1: 100 }, { listen }) } }));
    const told = await eventually(async () => {
      const seen = await groupOf("shop/secure");
      return seen?.problem?.includes("certificate") === true && seen;
    }, "it has a problem with its certificate");
    expect(told.problem).toContain("edge-certificate-invalid: the certificate /nowhere/cert.pem cannot be used");
    await apply("shop/plain", 1, intent({ web: service(1) }));
    await ready("shop/plain", 1);
    expect(await ask(await portOf("shop/plain"))).toMatchObject({ release: "1.0.0-r1" });
    await apply("shop/secure", 2, intent({}));
    await apply("shop/plain", 2, intent({}));
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
