import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir, readFile, readlink, rm } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { removeCgroup } from "./cgroups.js";

const run = promisify(execFile);

/**
 * Takes away what a node left whose story was killed: its containers, mounts and files. Asked by who holds the machine,
 * so nobody else's node is running; `own` is the folder of the node that starts now.
 */
export async function sweep(own: string): Promise<void> {
  const parent = path.dirname(own);
  const prefix = path.basename(own).replace(/[^-]*$/, "");
  for (const name of await readdir(parent)) {
    const folder = path.join(parent, name);
    if (!name.startsWith(prefix) || folder === own || !existsSync(path.join(folder, "containerd"))) continue;
    await endShims(folder);
    await removeCgroup(name);
    await unmountBelow(folder);
    await removeLogLinks(folder);
    await rm(folder, { recursive: true, force: true });
  }
}

/** Every container has a shim that outlives containerd; it names the socket that it belonged to. */
async function endShims(folder: string): Promise<void> {
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const argv = (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).split("\0");
    if (!argv[0]?.includes("containerd-shim") || !argv.some((one) => one.startsWith(`${folder}/`))) continue;
    process.kill(Number(pid), "SIGKILL");
  }
}

/** Unmounts everything below the folder, the innermost first. */
export async function unmountBelow(folder: string): Promise<void> {
  const mounts = (await readFile("/proc/self/mountinfo", "utf8"))
    .split("\n")
    .map((line) => line.split(" ")[4] ?? "")
    .filter((mount) => mount.startsWith(`${folder}/`));
  for (const mount of mounts.reverse()) await run("umount", ["--lazy", mount]);
}

/** The kubelet links every container's log in a folder of the machine that no flag moves. */
export async function removeLogLinks(folder: string): Promise<void> {
  const links = "/var/log/containers";
  for (const name of await readdir(links).catch(() => [])) {
    const link = path.join(links, name);
    const to = await readlink(link).catch(() => "");
    if (to.startsWith(`${folder}/`)) await rm(link, { force: true });
  }
}
