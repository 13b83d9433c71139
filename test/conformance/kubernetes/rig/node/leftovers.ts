import { execFile } from "node:child_process";
import { readdir, readFile, readlink, rm } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

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
