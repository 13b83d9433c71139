import { execFile } from "node:child_process";
import { chmod, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { promisify } from "node:util";
import { pack } from "tar-stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildImage } from "../../../src/docker/build.js";
import {
  createContainer,
  inspectContainer,
  removeContainer,
  startContainer,
  stopContainer,
} from "../../../src/docker/containers.js";
import type { DockerEngine } from "../../../src/docker/engine.js";
import { execIn } from "../../../src/docker/exec.js";
import { inspectImage } from "../../../src/docker/images.js";
import { containerLogs } from "../../../src/docker/logs.js";
import { ensureNetwork, removeNetwork } from "../../../src/docker/networks.js";
import { type PostgresServer, startPostgres } from "../../../systems/customer-service/test/postgres.js";
import { baseLayout, loadAsPublic } from "./rig/base-image.js";
import { type RigEngine, startEngine } from "./rig/engine.js";
import { until } from "./rig/until.js";

const SYSTEMS = path.join(import.meta.dirname, "..", "..", "..", "systems");
const NETWORK = "systems";

interface Service {
  readonly system: string;
  readonly dockerfile: string;
  /** Below what `build.js` makes. */
  readonly folder: string;
  readonly port: number;
  readonly ready: string;
  readonly environment: Readonly<Record<string, string>>;
}

const services: readonly Service[] = [
  {
    system: "customer-service",
    dockerfile: "Dockerfile",
    folder: ".",
    port: 8080,
    ready: "/ready",
    environment: { JWT_KEY: "a-key-of-the-tests-that-is-long-enough", ADMIN_PASSWORD: "correct horse battery staple" },
  },
  {
    system: "connect",
    dockerfile: "backend/Dockerfile",
    folder: "backend",
    port: 3000,
    ready: "/api/health",
    environment: {},
  },
  {
    system: "connect",
    dockerfile: "frontend/Dockerfile",
    folder: "frontend",
    port: 3001,
    ready: "/",
    environment: { BACKEND_URL: "http://backend:3000" },
  },
];

let rig: RigEngine;
let engine: DockerEngine;
let postgres: PostgresServer;
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), "wl-systems-"));
  [rig, postgres] = await Promise.all([startEngine(), startPostgres()]);
  engine = await rig.open();
  await loadAsPublic(engine, await baseLayout(path.join(directory, "base")));
  await ensureNetwork(engine, NETWORK);
});

afterAll(async () => {
  await removeNetwork(engine, NETWORK);
  await engine?.close();
  await rig?.end();
  await postgres?.end();
  await rm(directory, { recursive: true, force: true });
});

describe.each(services)("the image of $system's $dockerfile", (service) => {
  let image: string;
  let container = "";

  beforeAll(async () => {
    image = await build(service);
    const url = await postgres.createDatabase(service.folder === "." ? "customers" : service.folder);
    const sockets = new URL(url).searchParams.get("host") ?? "";
    // Others than its owner may go through to the socket, which anybody may use.
    await chmod(sockets, 0o711);
    const given = { ...service.environment, ...(service.folder !== "frontend" && { DATABASE_URL: url }) };
    const { Id } = await createContainer(engine, `${service.system}-${service.port}`, {
      Image: image,
      Env: Object.entries(given).map(([name, value]) => `${name}=${value}`),
      HostConfig: {
        NetworkMode: NETWORK,
        ReadonlyRootfs: true,
        Tmpfs: { "/tmp": "" },
        CapDrop: ["ALL"],
        SecurityOpt: ["no-new-privileges"],
        Binds: [`${sockets}:${sockets}`],
      },
    });
    container = Id;
    await startContainer(engine, container);
  });
  afterAll(async () => {
    if (container !== "") await removeContainer(engine, container);
  });

  test("says who it is run as, by number, which health it has, and what is its first process", async () => {
    expect((await inspectImage(engine, image))?.Config).toMatchObject({
      User: "10001:10001",
      Entrypoint: ["/usr/local/bin/docker-init", "-s", "--"],
      Cmd: ["node", "server.js"],
      ExposedPorts: { [`${service.port}/tcp`]: {} },
      Healthcheck: { Test: expect.arrayContaining(["CMD", "node"]) },
    });
  });

  test("has the built files and nothing else of the service, which may not change them", async () => {
    const script = `const { readdirSync, statSync } = require("node:fs");
      console.log(JSON.stringify([readdirSync("/app").sort(), statSync("/app/server.js").uid, process.getuid()]))`;
    const { output } = await execIn(engine, container, ["node", "-e", script], 60_000);
    const files = service.folder === "frontend" ? "public" : "migrations";
    expect(JSON.parse(output)).toEqual([[files, "package.json", "server.js"].sort(), 0, 10_001]);
  });

  test("serves as nobody on a root that it cannot write, and its own health check agrees", async () => {
    const { NetworkSettings } = (await inspectContainer(engine, container)) ?? {};
    const address = NetworkSettings?.Networks[NETWORK]?.IPAddress ?? "";
    const url = `http://${address}:${service.port}${service.ready}`;
    await until(`${url} is ready`, () => isOk(url), lastLines);
    const [, ...check] = (await inspectImage(engine, image))?.Config.Healthcheck?.Test ?? [];
    expect(await execIn(engine, container, check, 60_000)).toMatchObject({ exitCode: 0 });
  });

  test("ends with 0 when it is asked to, by way of its first process", async () => {
    await stopContainer(engine, container, 30_000);
    expect((await inspectContainer(engine, container))?.State.ExitCode).toBe(0);
    expect(await lastLines()).toContain('"message":"stopped"');
  });

  async function lastLines(): Promise<string> {
    const lines: string[] = [];
    for await (const line of containerLogs(engine, container, { tail: 10, follow: false }, AbortSignal.timeout(60_000)))
      lines.push(line.text);
    return lines.join("\n");
  }
});

async function isOk(url: string): Promise<boolean> {
  return fetch(url).then(
    (answer) => answer.ok,
    () => false,
  );
}

/** As `node build.js` and `docker build -f <Dockerfile> <folder>` do; resolves with the image's id. */
async function build({ system, dockerfile, folder }: Service): Promise<string> {
  const out = path.join(directory, system);
  const home = path.join(SYSTEMS, system);
  await promisify(execFile)(process.execPath, [path.join(home, "build.js"), "--out", out]);
  const context = pack();
  context.entry({ name: ".dockerfile" }, await readFile(path.join(home, dockerfile)));
  const from = path.join(out, folder);
  for (const entry of await readdir(from, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = path.join(entry.parentPath, entry.name);
    context.entry({ name: path.relative(from, file) }, await readFile(file));
  }
  context.finalize();
  const options = { file: ".dockerfile", stage: null, labels: {}, auths: {}, report: () => {} };
  return buildImage(engine, { ...options, context: Readable.from(context) });
}
