import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { afterStory, ask, edgeWith, replica, until } from "../../../../test/edge/story.js";
import { AccessLog } from "./access-log.js";

function logPath(): string {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), "windlass-edge-"));
  afterStory(() => fs.rmSync(directory, { recursive: true }));
  return path.join(directory, "access.log");
}

const lines = (file: string) =>
  fs
    .readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>);

test("each request is one JSON line, without its query, readable by nobody else", async () => {
  const file = logPath();
  const one = await replica("one", (_, res) => void res.writeHead(201).end("hello"));
  const { story } = edgeWith({ accessLog: { path: file, maxBytes: 1_000_000 } });
  const port = await story({ weights: { r1: 100 }, groups: { r1: [one.port] } });
  await ask(port, '/customers/"7"?token=secret', { method: "POST", body: "x", headers: { "x-request-id": "id-1" } });
  await until(() => fs.readFileSync(file).length > 0);
  expect(lines(file)).toEqual([
    {
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      level: "info",
      service: "test/test/web",
      requestId: "id-1",
      method: "POST",
      path: '/customers/"7"',
      statusCode: 201,
      responseTime: expect.any(Number),
      group: "r1",
      replica: `p${one.port}`,
      bytes: 5,
      retries: 0,
    },
  ]);
  expect(fs.statSync(file).mode & 0o777).toBe(0o600);
});

test("the log never takes more than two files of its size", async () => {
  const file = logPath();
  const log = new AccessLog({ path: file, maxBytes: 100_000 });
  for (let block = 0; block < 10; block++) {
    for (let line = 0; line < 400; line++) log.write("s", "id", "GET", "/", 200, 1, "g", "r", 0, 0);
    const before = fs.statSync(file).ino + fs.statSync(file).size;
    await until(() => !fs.existsSync(file) || fs.statSync(file).ino + fs.statSync(file).size !== before);
  }
  log.close();
  expect(fs.readdirSync(path.dirname(file)).sort()).toEqual(["access.log", "access.log.1"]);
  expect(log.dropped).toBe(0);
});

test("lines that a slow disk cannot take are dropped and counted, not kept in memory", () => {
  const log = new AccessLog({ path: logPath(), maxBytes: 1e9 });
  for (let line = 0; line < 60_000; line++) log.write("s", "id", "GET", "/".repeat(100), 200, 1, "g", "r", 0, 0);
  expect(log.dropped).toBeGreaterThan(0);
  log.close();
});
