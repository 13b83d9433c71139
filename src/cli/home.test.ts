import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { configHome, type Machine, makePrivate, placesOf, stateHome } from "./home.js";

const ADA: Machine = { env: {}, uid: 1000, userHome: "/home/ada", temporary: "/tmp" };
const UID = process.getuid?.() ?? null;

function temporary(): string {
  const directory = mkdtempSync(path.join(os.tmpdir(), "windlass-home-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

test("the state is where the environment says, else root's, else the XDG state home", () => {
  expect(stateHome(ADA)).toBe("/home/ada/.local/state/windlass");
  expect(stateHome({ ...ADA, env: { XDG_STATE_HOME: "/state" } })).toBe("/state/windlass");
  expect(stateHome({ ...ADA, env: { XDG_STATE_HOME: "relative" } })).toBe("/home/ada/.local/state/windlass");
  expect(stateHome({ ...ADA, uid: 0 })).toBe("/var/lib/windlass");
  expect(stateHome({ ...ADA, uid: 0, env: { WINDLASS_HOME: "/srv/w" } })).toBe("/srv/w");
  expect(configHome({ ...ADA, env: { XDG_CONFIG_HOME: "/config" } })).toBe("/config/windlass");
});

test("sockets move to a short private directory when the home's path is too long for one", () => {
  expect(placesOf("/srv/w", ADA).controlSocket).toBe("/srv/w/run/control.sock");
  const deep = `/srv/${"deep/".repeat(20)}w`;
  const { controlSocket, ledger } = placesOf(deep, ADA);
  expect(controlSocket).toMatch(/^\/tmp\/windlass-1000-[0-9a-f]{12}\/control\.sock$/);
  expect(ledger.startsWith(deep)).toBe(true);
  expect(placesOf(`${deep}2`, ADA).controlSocket).not.toBe(controlSocket);
});

test("a directory is closed to others; one that others may write to, or a link, is refused", () => {
  const root = temporary();
  const own = path.join(root, "own");
  makePrivate(own, UID);
  expect(statSync(own).mode & 0o777).toBe(0o700);
  chmodSync(own, 0o755);
  makePrivate(own, UID);
  expect(statSync(own).mode & 0o777).toBe(0o700);
  chmodSync(own, 0o777);
  expect(() => makePrivate(own, UID)).toThrowError(expect.objectContaining({ code: "cli-not-private" }));
  const target = path.join(root, "target");
  mkdirSync(target, { mode: 0o700 });
  symlinkSync(target, path.join(root, "link"));
  expect(() => makePrivate(path.join(root, "link"), UID)).toThrowError(
    expect.objectContaining({ code: "cli-not-private" }),
  );
});
