import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, open, rm, writeFile } from "node:fs/promises";
import http from "node:http";
import net, { type AddressInfo } from "node:net";
import os from "node:os";
import path from "node:path";
import { eventually } from "../scenario/lab/eventually.js";

/** Where the program is; null: it is not installed (apt-get install prometheus). */
export const PROMETHEUS =
  (process.env.PATH ?? "")
    .split(path.delimiter)
    .map((directory) => path.join(directory, "prometheus"))
    .find((file) => existsSync(file)) ?? null;

/** What Prometheus scrapes: the text that the story last gave. */
export class Exposed {
  readonly #server = http.createServer((_request, response) => {
    if (this.#broken) response.writeHead(500).end();
    else response.writeHead(200, { "content-type": "text/plain; version=0.0.4" }).end(this.text());
  });
  #broken = false;

  constructor(readonly text: () => string) {}

  async listen(): Promise<string> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  break(broken: boolean): void {
    this.#broken = broken;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** A real Prometheus on loopback with its data in a directory of its own. */
export class PrometheusServer {
  #child: ChildProcess | null = null;

  private constructor(
    private readonly directory: string,
    private readonly port: number,
  ) {}

  static async start(targets: readonly string[]): Promise<PrometheusServer> {
    const directory = await mkdtemp(path.join(os.tmpdir(), "windlass-prometheus-"));
    const config = {
      global: { scrape_interval: "250ms", scrape_timeout: "250ms" },
      scrape_configs: [{ job_name: "windlass", honor_labels: true, static_configs: [{ targets }] }],
    };
    // YAML reads JSON.
    await writeFile(path.join(directory, "prometheus.yml"), JSON.stringify(config));
    const server = new PrometheusServer(directory, await freePort());
    await server.run();
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async run(): Promise<void> {
    const log = await open(path.join(this.directory, "log"), "a");
    const child = spawn(
      PROMETHEUS ?? "prometheus",
      [
        `--config.file=${path.join(this.directory, "prometheus.yml")}`,
        `--storage.tsdb.path=${path.join(this.directory, "data")}`,
        `--web.listen-address=127.0.0.1:${this.port}`,
      ],
      { stdio: ["ignore", log.fd, log.fd] },
    );
    await log.close();
    this.#child = child;
    await eventually(
      "Prometheus is ready",
      async () => (await fetch(`${this.url}/-/ready`).catch(() => null))?.ok,
      () => readFileSync(path.join(this.directory, "log"), "utf8").slice(-2_000),
    );
  }

  /** Suspends it, or lets it go on. */
  signal(signal: "SIGSTOP" | "SIGCONT"): void {
    this.#child?.kill(signal);
  }

  async stop(): Promise<void> {
    const child = this.#child;
    if (child === null) return;
    this.#child = null;
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    const late = setTimeout(() => child.kill("SIGKILL"), 20_000);
    await ended;
    clearTimeout(late);
  }

  async end(): Promise<void> {
    await this.stop();
    await rm(this.directory, { recursive: true, force: true });
  }
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
