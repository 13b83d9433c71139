import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import os from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { type Connecting, connect, reach } from "./connect.js";
import type { Cli } from "./context.js";
import { configHome, placesOf, stateHome, thisMachine } from "./home.js";
import type { Ask } from "./question/ask.js";
import { terminalOf } from "./render/terminal.js";

/** The CLI as a process sees it. */
export function cliOfProcess(): Cli {
  const machine = thisMachine();
  const places = placesOf(stateHome(machine), machine);
  const version = ownVersion();
  const connecting: Connecting = {
    places,
    version,
    uid: machine.uid,
    remark: (line) => void process.stderr.write(`${line}\n`),
  };
  const canAsk = process.stdin.isTTY === true && process.stdout.isTTY === true && !process.env.CI;
  return {
    process: { stdout: process.stdout, stderr: process.stderr, env: process.env, exitCode: null },
    stdin: process.stdin,
    cwd: process.cwd(),
    env: process.env,
    version,
    terminal: terminalOf(process.stdout, process.env),
    ask: canAsk ? lazyAsk() : null,
    user: `user:${userName()}`,
    places,
    config: configHome(machine),
    now: () => Date.now(),
    timeOfDay: (at) =>
      [at.getHours(), at.getMinutes(), at.getSeconds()].map((n) => String(n).padStart(2, "0")).join(":"),
    newKey: randomUUID,
    connect: () => connect(connecting),
    reach: () => reach(connecting),
    onInterrupt(listener) {
      process.on("SIGINT", listener);
      return () => void process.off("SIGINT", listener);
    },
    sleep: (ms) => sleep(ms),
  };
}

export function ownVersion(): string {
  const file = new URL("../../package.json", import.meta.url);
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}

/** The person behind sudo, not root; containers may run under a uid without a name. */
function userName(): string {
  if (process.env.SUDO_USER) return process.env.SUDO_USER;
  try {
    return os.userInfo().username;
  } catch {
    return `uid-${process.getuid?.() ?? "unknown"}`;
  }
}

function lazyAsk(): Ask {
  const load = async () => (await import("./question/clack.js")).clack;
  return {
    confirm: async (question, fallback) => (await load()).confirm(question, fallback),
    text: async (question, fallback) => (await load()).text(question, fallback),
    hidden: async (question) => (await load()).hidden(question),
    choose: async (question, options) => (await load()).choose(question, options),
  };
}
