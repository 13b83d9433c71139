import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import path from "node:path";

/** A place in the kernel's control groups (cgroups(7), version 1 or 2) that limits one replica. */
export interface Fence {
  readonly memory: boolean;
  readonly cpu: boolean;
  add(pid: number): void;
  /** How often the kernel has ended a process in it for want of memory. */
  outOfMemoryKills(): number;
  processes(): number[];
  remove(): void;
}

const ROOT = "/sys/fs/cgroup";
const CPU_PERIOD_US = 100_000;

/** Null when this machine, or this user, can write no control group: then limits are watched by polling. */
export function openCgroups(instance: string, root: string = ROOT): Cgroups | null {
  try {
    if (existsSync(path.join(root, "cgroup.controllers")))
      return new Cgroups(unified(path.join(root, `windlass-${instance}`)));
    const memory = path.join(root, "memory");
    if (!existsSync(path.join(memory, "memory.limit_in_bytes"))) return null;
    const cpu = path.join(root, "cpu");
    const limitsCpu = existsSync(path.join(cpu, "cpu.cfs_quota_us"));
    const cgroups = new Cgroups({
      version: 1,
      memory: makeDirectory(path.join(memory, `windlass-${instance}`)),
      cpu: limitsCpu ? makeDirectory(path.join(cpu, `windlass-${instance}`)) : null,
    });
    // It can be written; the first limit makes it again.
    cgroups.removeUnused();
    return cgroups;
  } catch (error) {
    if (refused(error)) return null;
    throw error;
  }
}

interface Hierarchy {
  readonly version: 1 | 2;
  readonly memory: string | null;
  readonly cpu: string | null;
}

function unified(base: string): Hierarchy {
  makeDirectory(base);
  const offered = readFileSync(path.join(base, "cgroup.controllers"), "utf8").trim().split(" ");
  const wanted = ["memory", "cpu"].filter((controller) => offered.includes(controller));
  if (wanted.length > 0)
    writeFileSync(path.join(base, "cgroup.subtree_control"), wanted.map((controller) => `+${controller}`).join(" "));
  return { version: 2, memory: wanted.includes("memory") ? base : null, cpu: wanted.includes("cpu") ? base : null };
}

export class Cgroups {
  constructor(private readonly hierarchy: Hierarchy) {}

  get version(): number {
    return this.hierarchy.version;
  }

  /** `name` is safe for a path. The group of an earlier process of the same name is taken over. */
  fence(name: string, limits: { memoryBytes: number | null; cpu: number | null }): Fence {
    const { version } = this.hierarchy;
    const memory = limits.memoryBytes === null ? null : this.inside(this.hierarchy.memory, name);
    const cpu = limits.cpu === null ? null : this.inside(this.hierarchy.cpu, name);
    if (memory !== null && limits.memoryBytes !== null) limitMemory(memory, limits.memoryBytes, version);
    if (cpu !== null && limits.cpu !== null) limitCpu(cpu, limits.cpu, version);
    const places = [...new Set([memory, cpu].filter((place) => place !== null))];
    return {
      memory: memory !== null,
      cpu: cpu !== null,
      add: (pid) => {
        for (const place of places) write(place, "cgroup.procs", String(pid));
      },
      outOfMemoryKills: () => (memory === null ? 0 : killsIn(memory, version)),
      processes: () => places.flatMap((place) => pidsIn(place)),
      remove: () => {
        for (const place of places) removeEmpty(place);
      },
    };
  }

  /** The groups of replicas that are no more: the kernel removes no group that has a process. */
  removeUnused(): void {
    for (const base of this.bases())
      for (const entry of readdirSync(base, { withFileTypes: true }))
        if (entry.isDirectory()) removeEmpty(path.join(base, entry.name));
    // Version 2 keeps its settings in it; version 1 has nothing there.
    if (this.hierarchy.version === 1) for (const base of this.bases()) removeEmpty(base);
  }

  /** And the one of this installation, when nothing is left in it. */
  removeAll(): void {
    this.removeUnused();
    for (const base of this.bases()) removeEmpty(base);
  }

  private bases(): string[] {
    const { memory, cpu } = this.hierarchy;
    return [...new Set([memory, cpu])].filter((base) => base !== null).filter((base) => existsSync(base));
  }

  private inside(base: string | null, name: string): string | null {
    return base === null ? null : makeDirectory(path.join(base, name));
  }
}

function limitMemory(place: string, bytes: number, version: 1 | 2): void {
  if (version === 2) {
    write(place, "memory.max", String(bytes));
    optional(place, "memory.swap.max", "0");
    // The whole replica ends, not one child of it.
    optional(place, "memory.oom.group", "1");
  } else {
    // With swap it may never be lower than the limit without it, so it is raised first.
    optional(place, "memory.memsw.limit_in_bytes", "-1");
    write(place, "memory.limit_in_bytes", String(bytes));
    optional(place, "memory.memsw.limit_in_bytes", String(bytes));
  }
}

function limitCpu(place: string, cpu: number, version: 1 | 2): void {
  const quota = Math.max(1_000, Math.round(cpu * CPU_PERIOD_US));
  if (version === 2) {
    write(place, "cpu.max", `${quota} ${CPU_PERIOD_US}`);
  } else {
    write(place, "cpu.cfs_period_us", String(CPU_PERIOD_US));
    write(place, "cpu.cfs_quota_us", String(quota));
  }
}

function killsIn(place: string, version: 1 | 2): number {
  const text = readFileSync(path.join(place, version === 2 ? "memory.events" : "memory.oom_control"), "utf8");
  return Number(/^oom_kill (\d+)$/m.exec(text)?.[1] ?? 0);
}

function pidsIn(place: string): number[] {
  const text = readFileSync(path.join(place, "cgroup.procs"), "utf8");
  return text.split("\n").filter(Boolean).map(Number);
}

function makeDirectory(place: string): string {
  mkdirSync(place, { recursive: true });
  return place;
}

function write(place: string, file: string, value: string): void {
  writeFileSync(path.join(place, file), value);
}

/** A kernel without swap accounting has no such file, and needs none. */
function optional(place: string, file: string, value: string): void {
  if (!existsSync(path.join(place, file))) return;
  try {
    write(place, file, value);
  } catch (error) {
    if (!refused(error)) throw error;
  }
}

/** The kernel refuses while a killed process is still being taken down; a later sweep removes it. */
function removeEmpty(place: string): void {
  try {
    rmdirSync(place);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== "EBUSY" && code !== "ENOENT" && code !== "ENOTEMPTY") throw error;
  }
}

function refused(error: unknown): boolean {
  return ["EACCES", "EPERM", "EROFS", "EINVAL", "ENOENT", "EOPNOTSUPP", "EBUSY", "ENOTSUP"].includes(
    (error as NodeJS.ErrnoException).code ?? "",
  );
}
