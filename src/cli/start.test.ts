import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import os from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { placesIn } from "../ports/places.js";
import { answers, compareVersions } from "./connect.js";
import { startControlPlane } from "./start.js";

const UID = process.getuid?.() ?? null;

function home(): string {
  const directory = mkdtempSync(path.join(os.tmpdir(), "windlass-start-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return path.join(directory, "home");
}

function program(text: string): string {
  const file = path.join(path.dirname(home()), "serve.mjs");
  writeFileSync(file, text);
  onTestFinished(() => rmSync(path.dirname(file), { recursive: true, force: true }));
  return file;
}

test("a control plane that does not start shows what it printed last", async () => {
  const places = placesIn(home());
  const serve = program('console.error("ledger-corrupt: event 7 was changed"); process.exit(3);');
  const starting = startControlPlane(places, UID, answers, serve);
  await expect(starting).rejects.toMatchObject({
    code: "cli-control-plane-start",
    message: "The control plane did not start: it ended with exit code 3.",
    hint: expect.stringContaining("ledger-corrupt: event 7 was changed"),
  });
  expect(readFileSync(path.join(places.logs, "control-plane.log"), "utf8")).toContain("ledger-corrupt");
});

test("it is started with its home and sockets, and waited for until it answers", async () => {
  const places = placesIn(home());
  const serve = program(`
    import { createServer } from "node:net";
    import { writeFileSync } from "node:fs";
    const sockets = process.argv[process.argv.indexOf("--sockets") + 1];
    const home = process.argv[process.argv.indexOf("--home") + 1];
    writeFileSync(home + "/pid", String(process.pid));
    createServer((c) => c.end()).listen(sockets + "/control.sock");
  `);
  await startControlPlane(places, UID, answers, serve);
  expect(await answers(places.controlSocket)).toBe(true);
  process.kill(Number(readFileSync(path.join(places.home, "pid"), "utf8")));
});

test("a socket that nobody listens on does not answer", async () => {
  const directory = home();
  expect(await answers(`${directory}.sock`)).toBe(false);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(`${directory}.sock`, resolve));
  expect(await answers(`${directory}.sock`)).toBe(true);
  await new Promise((resolve) => server.close(resolve));
  expect(existsSync(`${directory}.sock`)).toBe(false);
});

test("versions are compared by their numbers", () => {
  expect(compareVersions("0.9.0", "0.10.0")).toBeLessThan(0);
  expect(compareVersions("1.0.0-rc.1", "1.0.0")).toBe(0);
  expect(compareVersions("2.0.0", "1.9.9")).toBeGreaterThan(0);
});
