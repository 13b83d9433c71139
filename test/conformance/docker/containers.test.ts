import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { readdirSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Workload } from "../../../src/core/model/intent.js";
import {
  type Container,
  createContainer,
  inspectContainer,
  listContainers,
  removeContainer,
  startContainer,
} from "../../../src/docker/containers.js";
import { execIn } from "../../../src/docker/exec.js";
import { labelled } from "../../../src/docker/filters.js";
import { LABEL } from "../../../src/targets/host/container/names.js";
import { instanceOf } from "../../../src/targets/host/daemon/parts.js";
import { eventually } from "../../contract/host.js";
import { storiesOn } from "../../contract/host-stories.js";
import { group, intent, traffic } from "../../contract/intents.js";
import { type DockerWorld, dockerWorld } from "./host-world.js";
import { serviceImage } from "./rig/service-image.js";

const FIXTURES = new URL("../../fixtures/services/", import.meta.url).pathname;

let world: DockerWorld;
beforeAll(async () => {
  world = await dockerWorld();
});
afterAll(() => world.end());
const { apply, ready, replica, groupOf, portOf, pids, ask, traffics } = storiesOn(() => world.host);

const web = (count: number, changes: Partial<Workload> = {}) =>
  intent({
    web: { groups: { r1: group("r1", count, { run: world.run("web"), ...changes }) }, traffic: traffic({ r1: 100 }) },
  });

async function containers(environment: string): Promise<readonly Container[]> {
  const found = await listContainers(world.engine, labelled({ [LABEL.environment]: environment }));
  const all = await Promise.all(found.map(({ Id }) => inspectContainer(world.engine, Id)));
  return all.filter((one) => one !== null).sort((a, b) => (a.Name < b.Name ? -1 : 1));
}

const ids = async (environment: string) => (await containers(environment)).map(({ Id }) => Id);

async function down(environment: string): Promise<void> {
  await world.host.target.remove(environment);
  await eventually(
    async () => Object.keys((await world.host.target.observe(environment)).services).length === 0,
    `${environment} is gone`,
  );
}

describe("what a container may do", () => {
  test("it reaches what listens on this machine, as services do that it calls", async () => {
    const server = http.createServer((_, answer) => answer.end("the edge")).listen(0, "0.0.0.0");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    await apply("shop/caller", 1, web(1));
    await ready("shop/caller", 1);
    const [container] = await containers("shop/caller");
    const script = `fetch("http://host.docker.internal:${port}").then((r) => r.text()).then(console.log, console.log)`;
    const { output } = await execIn(world.engine, container?.Id ?? "", ["node", "-e", script], 30_000);
    server.close();
    expect(output.trim()).toBe("the edge");
    await down("shop/caller");
  });

  test("no root, no capability, no new privilege, a root that is read-only, and loopback alone on this machine", async () => {
    const root = await serviceImage(world.engine, { files: { "": FIXTURES } });
    const run = { kind: "image", image: root, argv: ["node", "web.mjs"] } as const;
    await apply("shop/closed", 1, web(1, { run, cpu: 0.5, memoryBytes: 256 * 1024 * 1024 }));
    await ready("shop/closed", 1);
    const [container] = await containers("shop/closed");
    const script = `
      const fs = require("node:fs");
      const tried = (file) => { try { fs.writeFileSync(file, "x"); return "written"; } catch (error) { return error.code; } };
      const status = fs.readFileSync("/proc/self/status", "utf8");
      const field = (name) => new RegExp(name + ":\\\\s+(\\\\S+)").exec(status)[1];
      console.log(JSON.stringify({ uid: field("Uid"), caps: field("CapEff"), bound: field("CapBnd"), privs: field("NoNewPrivs"),
        app: tried("/app/x"), tmp: tried("/tmp/x") }));`;
    const { output } = await execIn(world.engine, container?.Id ?? "", ["node", "-e", script], 30_000);
    expect(JSON.parse(output)).toEqual({
      uid: "65532",
      caps: "0000000000000000",
      bound: "0000000000000000",
      privs: "1",
      app: "EROFS",
      tmp: "written",
    });
    const [one] = await ready("shop/closed", 1);
    expect(container?.NetworkSettings.Ports).toEqual({
      "8080/tcp": [{ HostIp: "127.0.0.1", HostPort: String(one?.port) }],
    });
    expect(container?.HostConfig).toMatchObject({
      Memory: 256 * 1024 * 1024,
      MemorySwap: 256 * 1024 * 1024,
      NanoCpus: 500_000_000,
      PidsLimit: 512,
      // The rig's base has one of its own.
      Init: false,
      RestartPolicy: { Name: "unless-stopped" },
      LogConfig: { Type: "json-file" },
    });
    expect((await world.host.target.facts()).limits["shop/closed/web-r1-1"]).toEqual({
      memory: "Docker",
      cpu: "Docker",
    });
    const used = await replica("shop/closed", "web", ({ memoryBytes }) => (memoryBytes ?? 0) > 0);
    expect(used.memoryBytes).toBeLessThan(256 * 1024 * 1024);
    await down("shop/closed");
  });

  test("it has its names and secrets, and nothing of this machine's environment", async () => {
    const environment: Workload["environment"] = {
      GREETING: { kind: "plain", value: "hello" },
      MADE: { kind: "secret", name: "made", generate: true },
    };
    await apply("shop/env", 1, web(1, { environment }));
    await ready("shop/env", 1);
    const seen = await ask(await portOf("shop/env"), "/environment");
    expect(seen).toMatchObject({
      GREETING: "hello",
      HOST: "0.0.0.0",
      PORT: "8080",
      WINDLASS_REPLICA: "web-r1-1",
      WINDLASS_ENVIRONMENT: "shop/env",
      OTEL_SERVICE_NAME: "web",
    });
    expect(seen.MADE).toMatch(/^[0-9a-f]{64}$/);
    expect(seen.PATH).toBe("/usr/local/bin:/usr/bin:/bin");
    expect([seen.DOCKER_HOST, seen.VITEST, seen.WINDLASS_SUPERVISED]).toEqual([undefined, undefined, undefined]);
    await down("shop/env");
  });

  test("an environment's network goes with its last container", async () => {
    await apply("shop/net", 1, web(2));
    await ready("shop/net", 2);
    const name = `windlass-${instanceOf(world.host.places.home)}-shop.net`;
    expect(await world.left()).toContain(name);
    await down("shop/net");
    await eventually(async () => (await world.left()).length === 0, "nothing of it is left");
  });
});

describe("how a container ends", () => {
  test("one that needs more memory than its limit is ended by the kernel, started by the Engine, and that is said", async () => {
    await apply("shop/memory", 1, web(1, { memoryBytes: 128 * 1024 * 1024 }));
    await ready("shop/memory", 1);
    await ask(await portOf("shop/memory"), "/eat").catch((error: unknown) => expect(error).toBeInstanceOf(Error));
    const ended = await replica("shop/memory", "web", (found) => found.lastExit !== null);
    expect(ended.lastExit).toMatchObject({ reason: "out-of-memory" });
    expect(ended.lastExit?.message).toContain("128 MiB");
    await ready("shop/memory", 1);
    await down("shop/memory");
  });

  test("one whose liveness probe fails is started again by the daemon, as the same container", async () => {
    const alive = ["sh", "-c", "test ! -e /tmp/ill"];
    const liveness = {
      action: { kind: "command", argv: alive },
      delayMs: 0,
      periodMs: 300,
      timeoutMs: 5_000,
      failures: 2,
      successes: 1,
    } as const;
    await apply("shop/ill", 1, web(1, { probes: { startup: null, liveness, readiness: null } }));
    const [before] = await ready("shop/ill", 1);
    const [id = ""] = await ids("shop/ill");
    await execIn(world.engine, id, ["sh", "-c", "echo > /tmp/ill"], 10_000);
    const after = await replica("shop/ill", "web", (one) => one.restarts === 1 && one.phase === "ready");
    expect(after.lastExit?.reason).toBe("liveness");
    expect(after.lastExit?.message).toContain("sh ended with 1");
    expect(after.pid).not.toBe(before?.pid);
    expect(await ids("shop/ill")).toEqual([id]);
    await down("shop/ill");
  });

  test("one that is told to go finishes what it was asked; one that ignores it is killed after its grace", async () => {
    await apply("shop/polite", 1, web(1));
    await ready("shop/polite", 1);
    const port = await portOf("shop/polite");
    const slow = ask(port, "/?ms=1500");
    await eventually(async () => (await groupOf("shop/polite"))?.inFlight === 1, "it is being answered");
    await apply("shop/polite", 2, intent({}));
    expect(await slow).toMatchObject({ replica: "web-r1-1" });
    await eventually(async () => (await ids("shop/polite")).length === 0, "its container is gone");
    const stubborn = { run: world.run("stubborn"), stopGraceMs: 300 };
    await apply("shop/stubborn", 1, web(1, stubborn));
    await ready("shop/stubborn", 1);
    await down("shop/stubborn");
    expect(await ids("shop/stubborn")).toEqual([]);
  });

  test("one that somebody removes is made again, and that is said", async () => {
    await apply("shop/removed", 1, web(1));
    await ready("shop/removed", 1);
    const [id = ""] = await ids("shop/removed");
    await removeContainer(world.engine, id);
    const after = await replica("shop/removed", "web", (one) => one.restarts === 1 && one.phase === "ready");
    expect(after.lastExit?.reason).toBe("unknown");
    expect(await ids("shop/removed")).not.toEqual([id]);
    await down("shop/removed");
  });
});

describe("while the daemon is away", () => {
  /** Daemon and edge: the edge alone would start another daemon at once. */
  async function killBoth(): Promise<void> {
    const [daemon, edge] = [world.host.daemonPid(), await world.host.edgePid()];
    await world.host.kill(edge);
    await world.host.kill(daemon);
    // The daemon may have been faster and started an edge.
    await eventually(() => !isThere(edge) && !isThere(daemon), "both are gone");
  }

  test("a daemon that is killed is replaced: the same containers, and no request fails", async () => {
    await apply("shop/adopt", 1, web(2));
    const before = await ready("shop/adopt", 2);
    const made = await ids("shop/adopt");
    const load = traffics(await portOf("shop/adopt"));
    await world.host.kill(world.host.daemonPid());
    await world.host.target.ensureDaemon();
    const after = await ready("shop/adopt", 2);
    expect(pids(after)).toEqual(pids(before));
    expect(await ids("shop/adopt")).toEqual(made);
    const { sent, failed } = await load.stop();
    expect(failed).toEqual([]);
    expect(sent).toBeGreaterThan(5);
    expect(after.map(({ restarts }) => restarts)).toEqual([0, 0]);
    const texts: string[] = [];
    const query = { service: "web", replica: null, lines: 10, follow: false };
    for await (const line of world.host.target.logs("shop/adopt", query, AbortSignal.timeout(10_000)))
      texts.push(line.text);
    expect(texts).toEqual(["listens on 8080", "listens on 8080"]);
    await down("shop/adopt");
  });

  test("containers that end are started by the Engine, and the daemon that comes knows that they crash", async () => {
    await apply("shop/away", 1, web(1));
    const [one] = await ready("shop/away", 1);
    const [id = ""] = await ids("shop/away");
    await killBoth();
    for (let crash = 1; crash <= 3; crash++) {
      await eventually(async () => (await ask(one?.port ?? 0)).replica, "it answers");
      await ask(one?.port ?? 0, "/die?code=7").catch((error: unknown) => expect(error).toBeInstanceOf(Error));
      await eventually(
        async () => (await inspectContainer(world.engine, id))?.RestartCount === crash,
        `the Engine starts it for the ${crash}. time`,
      );
    }
    await world.host.target.ensureDaemon();
    const found = await replica("shop/away", "web", ({ restarts }) => restarts === 3);
    expect(found).toMatchObject({ crashLoop: true, lastExit: { code: 7, reason: "exited" } });
    expect(await ids("shop/away")).toEqual([id]);
    await ready("shop/away", 1);
    await down("shop/away");
  });

  test("without its records a daemon knows them by their labels, and removes what nobody wants", async () => {
    await apply("shop/labels", 1, web(2));
    const before = await ready("shop/labels", 2);
    const made = await ids("shop/labels");
    await killBoth();
    const records = path.join(world.host.places.daemon, "replicas");
    for (const name of readdirSync(records)) rmSync(path.join(records, name));
    const instance = instanceOf(world.host.places.home);
    const image = (await inspectContainer(world.engine, made[0] ?? ""))?.Image ?? "";
    const Labels = { [LABEL.instance]: instance, [LABEL.environment]: "shop/gone" };
    const stray = await createContainer(world.engine, `windlass-${instance}-shop.gone-web-r9-1`, {
      Image: image,
      Cmd: ["node", "worker.mjs"],
      Labels,
    });
    await startContainer(world.engine, stray.Id);
    await world.host.target.ensureDaemon();
    expect(pids(await ready("shop/labels", 2))).toEqual(pids(before));
    expect(await ids("shop/labels")).toEqual(made);
    await eventually(async () => (await inspectContainer(world.engine, stray.Id)) === null, "the stray is removed");
    await down("shop/labels");
  });

  test("one that has ended and cannot be taken away holds nobody up, and goes once it can", async () => {
    await apply("shop/held", 1, web(1));
    await ready("shop/held", 1);
    const [id = ""] = await ids("shop/held");
    const { GraphDriver } = await world.engine.json<{ GraphDriver: { Data: { UpperDir: string } } }>(
      "GET",
      `/containers/${id}/json`,
    );
    const held = path.join(GraphDriver.Data.UpperDir, "held");
    writeFileSync(held, "");
    hold(held, true);
    try {
      await apply("shop/held", 2, intent({}));
      await eventually(async () => (await groupOf("shop/held")) === undefined, "nobody waits for it");
      expect(await inspectContainer(world.engine, id)).not.toBeNull();
    } finally {
      hold(held, false);
    }
    await eventually(async () => (await inspectContainer(world.engine, id)) === null, "it is gone");
    expect((await world.left()).filter((name) => name.includes("shop.held"))).toEqual([]);
  });
});

/** A file that nobody can remove, as an Engine that crashed leaves a mount. */
function hold(file: string, yes: boolean): void {
  const { status, stderr } = spawnSync("chattr", [yes ? "+i" : "-i", file], { encoding: "utf8" });
  if (status !== 0) throw new Error(`chattr: ${stderr}`);
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
    throw error;
  }
}
