import type { DockerEngine } from "./engine.js";

export interface EngineInfo {
  readonly ID: string;
  readonly ServerVersion: string;
  readonly Driver: string;
  readonly CgroupDriver: string;
  readonly CgroupVersion?: string;
  /** `x86_64`, `aarch64`. */
  readonly Architecture: string;
  readonly OSType: string;
  readonly SecurityOptions: readonly string[] | null;
  readonly MemoryLimit: boolean;
  readonly PidsLimit: boolean;
  readonly Warnings: readonly string[] | null;
}

export function info(engine: DockerEngine): Promise<EngineInfo> {
  return engine.json("GET", "/info");
}

/** Rejects when it does not answer. */
export async function ping(engine: DockerEngine): Promise<void> {
  await engine.text("GET", "/_ping", { deadlineMs: 5_000 });
}
