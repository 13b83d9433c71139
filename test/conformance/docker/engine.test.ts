import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  createContainer,
  inspectContainer,
  killContainer,
  listContainers,
  removeContainer,
  startContainer,
  stopContainer,
  waitContainer,
} from "../../../src/docker/containers.js";
import type { DockerEngine } from "../../../src/docker/engine.js";
import { type EngineEvent, engineEvents } from "../../../src/docker/events.js";
import { execIn } from "../../../src/docker/exec.js";
import { labelled } from "../../../src/docker/filters.js";
import { inspectImage } from "../../../src/docker/images.js";
import { info, ping } from "../../../src/docker/info.js";
import { containerLogs } from "../../../src/docker/logs.js";
import { ensureNetwork, inspectNetwork, listNetworks, removeNetwork } from "../../../src/docker/networks.js";
import { containerStats } from "../../../src/docker/stats.js";
import { baseLayout, loadInto } from "./rig/base-image.js";
import { type RigEngine, startEngine } from "./rig/engine.js";

let rig: RigEngine;
let engine: DockerEngine;
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), "wl-base-"));
  rig = await startEngine();
  engine = await rig.open();
  await loadInto(engine, await baseLayout(directory), "rig-base:1");
});

afterAll(async () => {
  await engine?.close();
  await rig?.end();
  await rm(directory, { recursive: true, force: true });
});

const LABELS = { "dev.windlass.test": "engine" };

async function started(name: string, script: string) {
  const { Id } = await createContainer(engine, name, {
    Image: "rig-base:1",
    Cmd: ["node", "-e", script],
    Labels: LABELS,
    User: "1000:1000",
  });
  await startContainer(engine, Id);
  return Id;
}

async function read(id: string, follow: boolean) {
  const lines = [];
  for await (const line of containerLogs(engine, id, { tail: 100, follow }, AbortSignal.timeout(60_000)))
    lines.push(`${line.stream}: ${line.text}`);
  return lines;
}

test("the version is agreed upon, and the Engine tells about itself", async () => {
  expect(engine.api).toBe("1.41");
  await ping(engine);
  expect(await info(engine)).toMatchObject({ OSType: "linux", CgroupDriver: "cgroupfs" });
  expect((await inspectImage(engine, "rig-base:1"))?.Id).toMatch(/^sha256:[0-9a-f]{64}$/);
  expect(await inspectImage(engine, "nothing:1")).toBeNull();
});

test("a container runs, both outputs are told apart, and it ends with its own code", async () => {
  const id = await started("talker", "console.log('out'); console.error('err'); process.exitCode = 3");
  expect(await waitContainer(engine, id, 60_000)).toBe(3);
  expect((await read(id, false)).sort()).toEqual(["stderr: err", "stdout: out"]);
  expect((await read(id, true)).length).toBe(2);
  expect(await inspectContainer(engine, id)).toMatchObject({
    Name: "/talker",
    State: { Status: "exited", ExitCode: 3 },
  });
  await removeContainer(engine, id);
  await removeContainer(engine, id);
  expect(await inspectContainer(engine, id)).toBeNull();
});

test("it is found by its labels, measured, commanded and stopped politely", async () => {
  const id = await started(
    "server",
    "process.on('SIGTERM', () => { console.log('bye'); process.exit(0) }); setInterval(() => {}, 1000)",
  );
  await startContainer(engine, id);
  expect((await listContainers(engine, labelled(LABELS))).map(({ Names, State }) => [Names[0], State])).toEqual([
    ["/server", "running"],
  ]);
  expect(await listContainers(engine, labelled({ "dev.windlass.test": "other" }))).toEqual([]);
  expect(await execIn(engine, id, ["node", "-e", "console.log(process.getuid()); process.exit(7)"], 60_000)).toEqual({
    exitCode: 7,
    output: "1000\n",
  });
  await expect(execIn(engine, id, ["sleep", "600"], 500)).rejects.toMatchObject({ code: "docker-timeout" });
  const stats = await containerStats(engine, id);
  expect(stats?.memoryBytes).toBeGreaterThan(1_000_000);
  await stopContainer(engine, id, 10_000);
  expect((await inspectContainer(engine, id))?.State.ExitCode).toBe(0);
  expect(await read(id, false)).toEqual(["stdout: bye"]);
  await killContainer(engine, id);
  expect(await containerStats(engine, id)).toBeNull();
  await removeContainer(engine, id);
});

test("what happens is told as it happens, until nobody listens", async () => {
  const stop = new AbortController();
  const seen: string[] = [];
  const since = Math.floor(Date.now() / 1_000);
  const id = await started("eventful", "process.exit(5)");
  for await (const event of engineEvents(engine, { type: ["container"], ...labelled(LABELS) }, stop.signal, since)) {
    if (event.Actor.ID !== id) continue;
    seen.push(describeEvent(event));
    if (event.Action === "die") stop.abort();
  }
  expect(seen).toEqual(["create", "start", "die 5"]);
  await removeContainer(engine, id);
});

function describeEvent({ Action, Actor }: EngineEvent): string {
  return Actor.Attributes.exitCode === undefined ? Action : `${Action} ${Actor.Attributes.exitCode}`;
}

test("a network is made once and removed", async () => {
  const made = await ensureNetwork(engine, "shop", { Labels: LABELS });
  expect((await ensureNetwork(engine, "shop")).Id).toBe(made.Id);
  expect((await listNetworks(engine, labelled(LABELS))).map(({ Name }) => Name)).toEqual(["shop"]);
  await removeNetwork(engine, "shop");
  await removeNetwork(engine, "shop");
  expect(await inspectNetwork(engine, "shop")).toBeNull();
});

test("a refusal has the Engine's own words", async () => {
  await expect(createContainer(engine, "x", { Image: "nothing:1" })).rejects.toMatchObject({
    code: "docker-refused",
    message: expect.stringContaining("No such image: nothing:1"),
    facts: { status: 404 },
  });
});
