import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { type DockerEngine, openEngine } from "../../../../src/docker/engine.js";
import { Program, programFile } from "./program.js";
import { until } from "./until.js";

/** A real dockerd with everything of its own: data, containers, networks. It needs root. */
export class RigEngine {
  #program: Program | null = null;

  private constructor(
    readonly directory: string,
    readonly socket: string,
  ) {}

  static async start(): Promise<RigEngine> {
    const directory = await mkdtemp(path.join(os.tmpdir(), "wl-engine-"));
    // Several engines of one machine must not hand out the same addresses.
    const base = `10.${100 + (process.pid % 100)}.${(Math.floor(process.pid / 100) % 16) * 16}.0/20`;
    await writeFile(
      path.join(directory, "daemon.json"),
      JSON.stringify({ "default-address-pools": [{ base, size: 26 }] }),
    );
    const engine = new RigEngine(directory, path.join(directory, "docker.sock"));
    await engine.run();
    return engine;
  }

  /** `DOCKER_HOST` for who uses it. */
  get host(): string {
    return `unix://${this.socket}`;
  }

  async run(): Promise<void> {
    const at = (name: string) => path.join(this.directory, name);
    const program = await Program.start(
      programFile("dockerd", "docker.io"),
      [
        `--config-file=${at("daemon.json")}`,
        `--data-root=${at("data")}`,
        `--exec-root=${at("exec")}`,
        `--pidfile=${at("pid")}`,
        `--host=${this.host}`,
        "--exec-opt=native.cgroupdriver=cgroupfs",
        // docker0 has one name on a machine; containers get networks that were made for them.
        "--bridge=none",
      ],
      at("log"),
    );
    this.#program = program;
    await until(
      "dockerd answers",
      async () => {
        if (program.ended) throw new Error(`dockerd ended\n${await program.said()}`);
        return await this.open().then(
          (engine) => engine.close().then(() => true),
          () => false,
        );
      },
      () => program.said(),
    );
  }

  open(): Promise<DockerEngine> {
    return openEngine({ socket: this.socket, deadlineMs: 60_000 });
  }

  /** Ends dockerd, and with it its containers; `run` starts it again with what it had. */
  async stop(): Promise<void> {
    await this.#program?.stop();
    this.#program = null;
  }

  /** dockerd dies; what holds the containers lives on without it. */
  async kill(): Promise<void> {
    await this.#program?.kill();
    this.#program = null;
  }

  /** Ends it and removes everything that it had. */
  async end(): Promise<void> {
    await this.stop();
    const mounts = await readFile("/proc/self/mountinfo", "utf8");
    const ours = mounts.split("\n").map((line) => line.split(" ")[4] ?? "");
    for (const mount of ours.filter((each) => each.startsWith(`${this.directory}/`)).reverse())
      spawnSync("umount", ["-l", mount]);
    await rm(this.directory, { recursive: true, force: true, maxRetries: 5 });
  }
}

export function startEngine(): Promise<RigEngine> {
  return RigEngine.start();
}
