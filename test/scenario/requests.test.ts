import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, rmSync } from "node:fs";
import path from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { CommandEnvelope } from "../../src/core/model/command.js";
import { Installation, PACKAGE } from "./lab/installation.js";
import { QUICK_CANARY, UNWATCHED_CANARY, web, writeShop } from "./lab/shop.js";

const lab = new Installation();
afterAll(async () => expect(await lab.end()).toEqual([]));

const SLOW_CANARY = { ...QUICK_CANARY, stages: [{ share: 20, time: { min: "10m", max: "20m" } }] };
const slow = { web: web({ strategy: SLOW_CANARY }) };

test("the first deployment, and what runs already is not deployed again", async () => {
  writeShop(lab, { release: "1.0.0" });
  expect(await lab.cli("deploy", "lab", "--version", "1.0.0")).toMatchObject({ code: 0 });
  const { version } = await lab.view("shop/lab");
  const again = await lab.cli("deploy", "lab", "--version", "1.0.0");
  expect(again.code).toBe(0);
  expect(again.output).toContain("runs already");
  expect((await lab.view("shop/lab")).version).toBe(version);
});

describe("a deployment during a deployment", () => {
  test("supersedes it: its canary has no traffic before the next one gets any, and stable stays", async () => {
    const { version, current } = await lab.view("shop/lab");
    writeShop(lab, { release: "2.0.0" }, slow);
    const second = lab.begin("deploy", "lab", "--version", "2.0.0");
    await lab.untilEvent("shop/lab", version, ({ type }) => type === "stage.observing@1");
    writeShop(lab, { release: "3.0.0" }, { web: web({ strategy: UNWATCHED_CANARY }) });
    const third = await lab.cli("deploy", "lab", "--version", "3.0.0");
    expect(third).toMatchObject({ code: 0 });
    const superseded = await second.done;
    expect(superseded.code).toBe(3);
    expect(superseded.output).toContain("superseded");

    const events = (await lab.events("shop/lab")).filter((event) => event.version > version);
    const revisions = events
      .filter(({ type }) => type === "revision.registered@1")
      .map(({ data }) => (data as { revision: { id: string } }).revision.id);
    const [r2 = "", r3 = ""] = revisions;
    const shapes = events
      .filter(({ type }) => type === "rollout.shaped@1")
      .map(({ data }) => (data as { weights: Record<string, number> }).weights);
    expect(shapes.some((weights) => (weights[r2] ?? 0) > 0)).toBe(true);
    expect(shapes.filter((weights) => (weights[r2] ?? 0) > 0 && (weights[r3] ?? 0) > 0)).toEqual([]);
    const firstOfThird = shapes.find((weights) => (weights[r3] ?? 0) > 0);
    expect(firstOfThird).toEqual({ [current?.id ?? ""]: 80, [r3]: 20 });
    expect((await lab.view("shop/lab")).current?.label).toBe("3.0.0");
  });

  test("is refused where the spec says so", async () => {
    const environments = { lab: { protected: false, whenBusy: "refuse" } };
    const { version } = await lab.view("shop/lab");
    writeShop(lab, { release: "4.0.0" }, slow, { environments });
    expect(await lab.cli("deploy", "lab", "--version", "4.0.0", "--detach")).toMatchObject({ code: 0 });
    await lab.untilEvent("shop/lab", version, ({ type }) => type === "stage.entered@1");
    writeShop(lab, { release: "5.0.0" }, slow, { environments });
    const refused = await lab.cli("deploy", "lab", "--version", "5.0.0");
    expect(refused.code).toBe(2);
    expect(refused.output).toContain("deployment-in-progress");
    expect(await lab.cli("abort", "lab")).toMatchObject({ code: 0 });
    const back = await lab.until("shop/lab", "it is back", (view) => view.deployment?.outcome === "rolled-back");
    expect(back.current?.label).toBe("3.0.0");
  });
});

describe("a name that is not there gets the nearest one that is", () => {
  test.each([
    [["status", "labb"], "environment-unknown", "lab"],
    [["deploy", "labb"], "environment", "lab"],
    [["logs", "wep", "--env", "lab"], "unknown-service", "web"],
    [["scale", "wep=3", "lab"], "unknown-service", "web"],
    [["rollback", "lab", "--to", "r99"], "unknown-revision", "r1"],
  ])("%j", async (words, code, nearest) => {
    const ran = await lab.cli(...words);
    expect(ran.code, ran.output).toBe(2);
    expect(ran.output).toContain(code);
    expect(ran.output).toMatch(new RegExp(`\\b${nearest}\\b`));
  });
});

describe("a protected environment", () => {
  const git = (...words: readonly string[]) =>
    execFileSync("git", ["-c", "user.name=Ada", "-c", "user.email=ada@example.com", ...words], { cwd: lab.directory });

  test("refuses what was made from a changed working tree", async () => {
    writeShop(lab, { release: "6.0.0" });
    git("init", "--quiet");
    git("add", ".");
    git("commit", "--quiet", "--message", "the shop");
    writeShop(lab, { release: "6.0.1" });
    const dirty = await lab.cli("deploy", "production", "--version", "6.0.1", "--yes");
    expect(dirty.code).toBe(2);
    expect(dirty.output).toContain("dirty-release");
    expect((await lab.control.environments()).map(({ environment }) => environment)).toEqual(["shop/lab"]);
    rmSync(path.join(lab.directory, ".git"), { recursive: true });
  });

  test("refuses an image whose tag may mean something else tomorrow", async () => {
    writeShop(lab, { release: "6.0.2" }, { web: { image: "shop:latest", port: 0 } });
    const latest = await lab.cli("deploy", "production", "--version", "6.0.2", "--yes");
    expect(latest.code).toBe(2);
    expect(latest.output).toContain("latest");
    expect(latest.output).toMatch(/digest/);
  });
});

test("a spec in the middle of an edit keeps nobody from looking and from going back", async () => {
  lab.write("windlass.system.yaml", "name: shop\nservices: { web: ");
  for (const words of [
    ["status", "lab"],
    ["why", "lab"],
    ["rollback", "lab", "--preview"],
  ]) {
    const ran = await lab.cli(...words);
    expect(ran.code, ran.output).toBe(0);
    expect(ran.output).toContain("windlass check");
  }
  expect((await lab.cli("deploy", "lab")).code).toBe(2);
});

describe("a program that asks", () => {
  const scale = (replicas: number, key: string, expected: number | null): CommandEnvelope => ({
    command: { kind: "scale", service: "web", replicas },
    key,
    expected,
    by: "program:robot",
  });

  test("about a state that is not the present one is refused, not merged", async () => {
    const { version } = await lab.view("shop/lab");
    const lost = await lab.control.command("shop/lab", scale(3, "lost", version - 1));
    expect(lost).toMatchObject({ kind: "refused", refusal: { code: "version-changed", retry: "after-refresh" } });
    expect((await lab.view("shop/lab")).version).toBe(version);
  });

  test("twice with the same key is answered twice and heard once", async () => {
    const { version } = await lab.view("shop/lab");
    expect(await lab.control.command("shop/lab", scale(3, "once", version))).toMatchObject({ kind: "accepted" });
    const scaled = await lab.until("shop/lab", "three replicas", ({ services }) => services[0]?.groups[0]?.ready === 3);
    const again = await lab.control.command("shop/lab", scale(3, "once", version));
    expect(again).toMatchObject({ kind: "accepted", events: [] });
    expect((await lab.view("shop/lab")).services[0]?.groups[0]?.asked).toBe(3);
    const keys = (await lab.events("shop/lab")).filter(({ key }) => key === "once");
    expect([keys.length, scaled.targetProblem]).toEqual([1, null]);
  });
});

test("a second control plane on the same ledger refuses, names the first, and harms nothing", async () => {
  const first = await lab.control.about();
  const sockets = path.join(lab.root, "s2");
  mkdirSync(sockets, { mode: 0o700 });
  for (const more of [[], ["--sockets", sockets]]) {
    const second = spawn(process.execPath, [path.join(PACKAGE, "dist", "serve.js"), "--home", lab.home, ...more], {
      stdio: ["ignore", "pipe", "pipe"],
      timeout: 30_000,
    });
    let said = "";
    for (const stream of [second.stdout, second.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => {
        said += text;
      });
    const [code] = (await once(second, "close")) as [number | null];
    expect(code, said).toBe(2);
    expect(said).toMatch(/ledger-in-use|control-plane-running/);
    expect(said).toContain(String(first.pid));
  }
  expect((await lab.control.about()).pid).toBe(first.pid);
  expect(await lab.cli("status", "lab")).toMatchObject({ code: 0 });
});
