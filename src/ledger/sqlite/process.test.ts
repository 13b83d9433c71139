import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { isAlive, thisProcess } from "./process.js";

describe("a holder's process", () => {
  it("is alive while it runs, and only with its own start time", () => {
    const me = thisProcess();
    expect(isAlive(me)).toBe(true);
    expect(isAlive({ ...me, started: "another time" })).toBe(false);
    expect(isAlive({ ...me, boot: "another boot" })).toBe(false);
  });

  it("is dead at once when it was killed", async () => {
    const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
    await once(child, "spawn");
    const { pid = 0 } = child;
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(isAlive({ ...thisProcess(), pid })).toBe(false);
  });

  it("counts as alive when it is another container's, which cannot be seen from here", () => {
    expect(isAlive({ ...thisProcess(), pid: 2 ** 22 + 1, pids: "pid:[another]" })).toBe(true);
  });
});
