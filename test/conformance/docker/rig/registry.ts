import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import net, { type AddressInfo } from "node:net";
import os from "node:os";
import path from "node:path";
import { Program, programFile } from "./program.js";
import { until } from "./until.js";

export interface RegistryOptions {
  /** Basic authentication by one htpasswd line, `name:$2y$…`. */
  readonly htpasswd?: string;
}

/** A real registry (Debian's docker-registry, distribution 2.8) on loopback, HTTP, its blobs in a directory of its own. */
export class RigRegistry {
  private constructor(
    readonly directory: string,
    readonly port: number,
    readonly program: Program,
  ) {}

  static async start(options: RegistryOptions = {}): Promise<RigRegistry> {
    const directory = await mkdtemp(path.join(os.tmpdir(), "wl-registry-"));
    const port = await freePort();
    const config: Record<string, unknown> = {
      version: 0.1,
      log: { level: "warn" },
      storage: { filesystem: { rootdirectory: path.join(directory, "data") }, delete: { enabled: true } },
      http: { addr: `127.0.0.1:${port}` },
    };
    if (options.htpasswd !== undefined) {
      await writeFile(path.join(directory, "htpasswd"), `${options.htpasswd}\n`);
      config.auth = { htpasswd: { realm: "rig", path: path.join(directory, "htpasswd") } };
    }
    // YAML reads JSON.
    await writeFile(path.join(directory, "config.yml"), JSON.stringify(config));
    const file = programFile("docker-registry", "docker-registry");
    const argv = ["serve", path.join(directory, "config.yml")];
    const program = await Program.start(file, argv, path.join(directory, "log"));
    const registry = new RigRegistry(directory, port, program);
    await until(
      "the registry answers",
      async () => [200, 401].includes((await fetch(`http://${registry.host}/v2/`).catch(() => null))?.status ?? 0),
      () => program.said(),
    );
    return registry;
  }

  /** `127.0.0.1:<port>`; an Engine takes it without TLS. */
  get host(): string {
    return `127.0.0.1:${this.port}`;
  }

  async end(): Promise<void> {
    await this.program.stop();
    await rm(this.directory, { recursive: true, force: true });
  }
}

export function startRegistry(options?: RegistryOptions): Promise<RigRegistry> {
  return RigRegistry.start(options);
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
