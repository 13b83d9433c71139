import { type ChildProcess, fork, spawn } from "node:child_process";
import fs from "node:fs";
import http from "node:http";
import os from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { type Answer, afterStory, ask, replica, serviceOf, times, until } from "../../../../test/edge/story.js";
import { createListener, sendListener } from "./handover.js";
import type { EdgeStatus, ListenerAddress } from "./protocol.js";

const TSX = import.meta.resolve("tsx");
const MAIN = path.join(import.meta.dirname, "main.ts");

function home(): string {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), "we-"));
  afterStory(() => fs.rmSync(directory, { recursive: true, force: true }));
  return directory;
}

function startEdge(socket: string, ...argv: string[]): ChildProcess {
  const stdio: ("ignore" | "inherit" | "ipc")[] = ["ignore", "ignore", "inherit", "ipc"];
  const child = fork(MAIN, ["--socket", socket, ...argv], { execArgv: ["--import", TSX], stdio, detached: true });
  afterStory(() => child.kill("SIGKILL"));
  return child;
}

const gone = (child: ChildProcess): Promise<number | null> =>
  new Promise((resolve) => child.once("exit", (code) => resolve(code)));

async function control<T>(socketPath: string, method: string, to: string, body?: object): Promise<T> {
  const answer = await ask(0, to, {
    socketPath,
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (answer.status !== 200) throw new Error(`${answer.status} ${answer.body}`);
  return JSON.parse(answer.body) as T;
}

const statusOf = (socket: string) => control<EdgeStatus>(socket, "GET", "/status");
const answers = (socket: string) =>
  until(async () =>
    statusOf(socket).then(
      () => true,
      () => false,
    ),
  );

function listener() {
  const { handle, address } = createListener({ host: "127.0.0.1", port: 0 });
  afterStory(() => handle.close());
  return { handle, address };
}

function tableFor(address: ListenerAddress, replicaPort: number, generation = 1) {
  const service = serviceOf({ weights: { r1: 100 }, groups: { r1: [replicaPort] }, port: address.port });
  return { generation, services: [service] };
}

/** Requests that go on over a few keep-alive connections until told to stop. */
function load(port: number): { stop(): Promise<readonly (Answer | Error)[]> } {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 4 });
  const seen: (Answer | Error)[] = [];
  let going = true;
  const clients = times(4, async (client) => {
    while (going) {
      const post = client === 0 ? { method: "POST", body: "x" } : {};
      seen.push(await ask(port, "/", { agent, ...post }).catch((error: Error) => error));
    }
  });
  return {
    async stop() {
      going = false;
      await Promise.all(clients);
      agent.destroy();
      return seen;
    },
  };
}

const failures = (seen: readonly (Answer | Error)[]) =>
  seen.filter((one) => one instanceof Error || one.status !== 200);

test("a killed edge refuses nobody: the daemon holds the socket, and who comes meanwhile is served by the next edge", async () => {
  const one = await replica("one");
  const { handle, address } = listener();
  const socket = path.join(home(), "edge.sock");
  const first = startEdge(socket);
  await answers(socket);
  await sendListener(first, address, handle);
  await control(socket, "PUT", "/table", tableFor(address, one.port));
  expect((await ask(address.port)).body).toBe("one");
  first.kill("SIGKILL");
  await gone(first);
  const waiting = times(20, () => ask(address.port));
  const second = startEdge(socket);
  await until(async () =>
    statusOf(socket).then(
      ({ pid }) => pid === second.pid,
      () => false,
    ),
  );
  await sendListener(second, address, handle);
  await control(socket, "PUT", "/table", tableFor(address, one.port));
  expect((await Promise.all(waiting)).map(({ body }) => body)).toEqual(times(20, () => "one"));
});

test("an edge is replaced by a new one under load without a failed request; the old one finishes and ends", async () => {
  const one = await replica("one", (_, res) => void setTimeout(() => res.end("one"), 5));
  const { handle, address } = listener();
  const socket = path.join(home(), "edge.sock");
  const old = startEdge(socket);
  await answers(socket);
  await sendListener(old, address, handle);
  await control(socket, "PUT", "/table", tableFor(address, one.port));
  const requests = load(address.port);
  const next = startEdge(socket);
  await until(async () =>
    statusOf(socket).then(
      ({ pid }) => pid === next.pid,
      () => false,
    ),
  );
  await sendListener(next, address, handle);
  await control(socket, "PUT", "/table", tableFor(address, one.port));
  old.kill("SIGTERM");
  expect(await gone(old)).toBe(0);
  // The new one has answered, too.
  await until(async () => (await control<{ blocks: unknown[] }>(socket, "GET", "/blocks?since=0")).blocks.length > 0);
  const seen = await requests.stop();
  expect(failures(seen)).toEqual([]);
  expect(seen.length).toBeGreaterThan(100);
  // The new edge owns the path: the old one's end has not taken it away.
  expect((await statusOf(socket)).pid).toBe(next.pid);
});

/** A daemon as the edge sees one: it takes the sockets, writes down that it did, and can be killed. */
const DAEMON = `
import fs from "node:fs";
import { onListener, say } from ${JSON.stringify(new URL("handover.ts", import.meta.url).href)};
const file = process.argv[2];
say(process, { kind: "hello", role: "daemon", pid: process.pid, protocol: 1 });
onListener(process, (address) => fs.writeFileSync(file, JSON.stringify({ pid: process.pid, address })));
process.on("disconnect", () => process.exit(0));
`;

test("when the daemon dies the edge serves on, and after a while starts a new daemon that holds its sockets", async () => {
  const one = await replica("one");
  const directory = home();
  const socket = path.join(directory, "edge.sock");
  const script = path.join(directory, "daemon.mts");
  const holds = path.join(directory, "holds.json");
  fs.writeFileSync(script, DAEMON);
  const daemonArgv = JSON.stringify([process.execPath, "--import", TSX, script, holds]);
  // A first daemon that starts the edge and then dies: a shell of a process with an IPC channel.
  const parent = `
    const { fork } = require("node:child_process");
    const edge = fork(${JSON.stringify(MAIN)}, ["--socket", ${JSON.stringify(socket)}, "--daemon-argv", ${JSON.stringify(daemonArgv)}],
      { execArgv: ["--import", ${JSON.stringify(TSX)}], detached: true, stdio: ["ignore", "ignore", "ignore", "ipc"] });
    edge.on("message", () => {});
  `;
  const daemon = spawn(process.execPath, ["-e", parent], { stdio: "inherit" });
  afterStory(() => daemon.kill("SIGKILL"));
  await answers(socket);
  const { pid, services } = await control<EdgeStatus>(
    socket,
    "PUT",
    "/table",
    tableFor({ host: "127.0.0.1", port: 0 }, one.port),
  );
  afterStory(() => process.kill(pid, "SIGKILL"));
  const port = services["test/test/web"]?.port ?? 0;
  daemon.kill("SIGKILL");
  await gone(daemon);
  expect((await ask(port)).body).toBe("one");
  await until(() => fs.existsSync(holds) && fs.readFileSync(holds).length > 0);
  const held = JSON.parse(fs.readFileSync(holds, "utf8")) as { pid: number };
  afterStory(() => process.kill(held.pid, "SIGKILL"));
  expect(held.pid).not.toBe(pid);
  expect((await ask(port)).body).toBe("one");
  // And it can be told to start one, as a daemon that finds a living edge does.
  const started = await control<{ pid: number }>(socket, "POST", "/daemon", {
    argv: JSON.parse(daemonArgv) as string[],
  });
  afterStory(() => process.kill(started.pid, "SIGKILL"));
  await until(() => (JSON.parse(fs.readFileSync(holds, "utf8")) as { pid: number }).pid === started.pid);
});

test("the control socket is its owner's alone, says what is wrong, and drains the edge away", async () => {
  const socket = path.join(home(), "edge.sock");
  const edge = startEdge(socket);
  await answers(socket);
  expect(fs.statSync(socket).mode & 0o777).toBe(0o600);
  const put = (body: string) => ask(0, "/table", { socketPath: socket, method: "PUT", body });
  expect([(await put("{")).status, (await put("{}")).status]).toEqual([400, 400]);
  expect((await put(JSON.stringify({ generation: 1, services: [] }))).status).toBe(200);
  const stale = await put(JSON.stringify({ generation: 1, services: [] }));
  expect([stale.status, JSON.parse(stale.body).code]).toEqual([409, "edge-table-stale"]);
  expect((await ask(0, "/nothing", { socketPath: socket })).status).toBe(404);
  const metrics = await ask(0, "/metrics", { socketPath: socket });
  expect(metrics.headers["content-type"]).toContain("version=0.0.4");
  await control(socket, "POST", "/drain");
  expect(await gone(edge)).toBe(0);
  expect(fs.existsSync(socket)).toBe(false);
});
