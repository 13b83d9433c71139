import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rmdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const ROOT = "/sys/fs/cgroup";
const REMOVE_MS = 15_000;

/** Makes a group of that name under every controller that is mounted (version 1), or one (version 2). */
export async function makeCgroup(name: string): Promise<void> {
  for (const hierarchy of await hierarchies()) {
    const group = path.join(hierarchy, name);
    await mkdir(group, { recursive: true });
    // A new cpuset is empty, and nothing runs in an empty one.
    for (const file of ["cpuset.cpus", "cpuset.mems"]) {
      if (!existsSync(path.join(group, file))) continue;
      await writeFile(path.join(group, file), await readFile(path.join(hierarchy, file), "utf8"));
    }
  }
}

/** Ends what is left in the group, and removes it with what is below. */
export async function removeCgroup(name: string): Promise<void> {
  for (const hierarchy of await hierarchies()) {
    const group = path.join(hierarchy, name);
    const until = performance.now() + REMOVE_MS;
    while (existsSync(group)) {
      for (const one of (await below(group)).reverse()) {
        await killAllIn(one);
        // Busy until its last process is gone; the deadline below says when that never comes.
        await rmdir(one).catch(() => undefined);
      }
      if (performance.now() > until) throw new Error(`the control group ${group} could not be removed`);
      if (existsSync(group)) await sleep(100);
    }
  }
}

async function killAllIn(group: string): Promise<void> {
  const pids = await readFile(path.join(group, "cgroup.procs"), "utf8").catch(() => "");
  for (const pid of pids.split("\n").filter((line) => line !== "" && line !== "0")) {
    try {
      process.kill(Number(pid), "SIGKILL");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
}

async function below(group: string): Promise<string[]> {
  const children = (await readdir(group, { withFileTypes: true }).catch(() => [])).filter((one) => one.isDirectory());
  const found = await Promise.all(children.map((child) => below(path.join(group, child.name))));
  return [group, ...found.flat()];
}

async function hierarchies(): Promise<string[]> {
  if (existsSync(path.join(ROOT, "cgroup.controllers"))) return [ROOT];
  const names = await readdir(ROOT, { withFileTypes: true });
  return names.filter((one) => one.isDirectory()).map((one) => path.join(ROOT, one.name));
}
