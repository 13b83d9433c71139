import { readdirSync, readFileSync, readlinkSync } from "node:fs";

const LISTEN = "0A";

/** Who listens on a TCP port of this machine, as `nginx, process 812`, or null when that cannot be found out. */
export function portOwner(port: number): string | null {
  const inodes = new Set(["/proc/net/tcp", "/proc/net/tcp6"].flatMap((table) => listeningInodes(table, port)));
  if (inodes.size === 0) return null;
  for (const pid of attempt(() => readdirSync("/proc"), []).filter((name) => /^\d+$/.test(name)))
    for (const descriptor of attempt(() => readdirSync(`/proc/${pid}/fd`), [])) {
      const target = attempt(() => readlinkSync(`/proc/${pid}/fd/${descriptor}`), "");
      const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
      if (inode === undefined || !inodes.has(inode)) continue;
      const name = attempt(() => readFileSync(`/proc/${pid}/comm`, "utf8").trim(), "a process");
      return `${name}, process ${pid}`;
    }
  return null;
}

function listeningInodes(table: string, port: number): string[] {
  const wanted = port.toString(16).toUpperCase().padStart(4, "0");
  const rows = attempt(() => readFileSync(table, "utf8"), "")
    .split("\n")
    .slice(1);
  return rows.flatMap((row) => {
    const [, local = "", , state, , , , , , inode] = row.trim().split(/\s+/);
    return local.endsWith(`:${wanted}`) && state === LISTEN && inode !== undefined ? [inode] : [];
  });
}

/** Processes come and go while one looks, and other users' are closed to us: no answer is an answer here. */
function attempt<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof Error && "code" in error) return otherwise;
    throw error;
  }
}
