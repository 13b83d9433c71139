import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { open, readFile } from "node:fs/promises";
import path from "node:path";

/** Where a program of this machine is; throws with the Debian package that has it. */
export function programFile(name: string, debianPackage: string): string {
  const directories = [...(process.env.PATH ?? "").split(path.delimiter), "/usr/sbin", "/sbin"];
  const file = directories.map((directory) => path.join(directory, name)).find((each) => existsSync(each));
  if (file === undefined) throw new Error(`${name} is not installed: apt-get install ${debianPackage}`);
  return file;
}

/** A server that the rig started: its output is in a file, and it ends when it is told to. */
export class Program {
  private constructor(
    readonly child: ChildProcess,
    private readonly log: string,
  ) {}

  static async start(file: string, argv: readonly string[], log: string, env = process.env): Promise<Program> {
    const output = await open(log, "a");
    const child = spawn(file, argv, { stdio: ["ignore", output.fd, output.fd], env });
    await output.close();
    return new Program(child, log);
  }

  get ended(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** The end of what it printed. */
  async said(): Promise<string> {
    return (await readFile(this.log, "utf8").catch(() => "")).slice(-3_000);
  }

  /** As a crash does: whatever it had begun stays as it is. */
  async kill(): Promise<void> {
    if (this.ended) return;
    const ended = once(this.child, "exit");
    this.child.kill("SIGKILL");
    await ended;
  }

  async stop(graceMs = 30_000): Promise<void> {
    if (this.ended) return;
    const ended = once(this.child, "exit");
    this.child.kill("SIGTERM");
    const late = setTimeout(() => this.child.kill("SIGKILL"), graceMs);
    await ended;
    clearTimeout(late);
  }
}
