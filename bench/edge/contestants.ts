import { type ChildProcess, fork, spawn, spawnSync } from "node:child_process";
import fs from "node:fs";
import http from "node:http";
import net from "node:net";
import path from "node:path";
import { freePort } from "../../src/load/free-port.js";
import { createListener, sendListener } from "../../src/targets/host/edge/handover.js";
import type { EdgeTable } from "../../src/targets/host/edge/protocol.js";

/** One proxy under test. */
export interface Contestant {
  readonly name: string;
  readonly port: number;
  /** The processes that do its work. */
  readonly pids: () => readonly number[];
}

export class Arena {
  readonly #children: ChildProcess[] = [];
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async nginxUpstream(): Promise<number> {
    const port = await freePort();
    const answer = `default_type application/json; return 200 '${JSON.stringify({ ok: true, text: "x".repeat(100) })}';`;
    await this.#nginx("upstream", port, 1, "", answer);
    return port;
  }

  async nginx(name: string, upstream: number, workers: number): Promise<Contestant> {
    const port = await freePort();
    const pool = `upstream u { server 127.0.0.1:${upstream}; keepalive 256; keepalive_requests 100000000; }`;
    const pass = `proxy_pass http://u; proxy_http_version 1.1; proxy_set_header Connection "";`;
    const child = await this.#nginx(name.replaceAll(" ", "-"), port, workers, pool, pass);
    return { name, port, pids: () => [child.pid ?? 0, ...childrenOf(child.pid ?? 0)] };
  }

  async haproxy(name: string, upstream: number): Promise<Contestant> {
    const port = await freePort();
    const config = path.join(this.#directory, "haproxy.cfg");
    fs.writeFileSync(
      config,
      `global\n  maxconn 2000\n  nbthread 1\ndefaults\n  mode http\n  timeout connect 5s\n  timeout client 30s\n  timeout server 30s\n  http-reuse always\nlisten l\n  bind 127.0.0.1:${port}\n  server s 127.0.0.1:${upstream}\n`,
    );
    const child = this.#start("haproxy", ["-db", "-f", config]);
    await open(port);
    return { name, port, pids: () => [child.pid ?? 0] };
  }

  async script(name: string, file: string, upstream: number): Promise<Contestant> {
    const port = await freePort();
    const script = path.join(import.meta.dirname, file);
    const child = this.#start(process.execPath, ["--import", "tsx", script, String(port), String(upstream)]);
    await open(port);
    return { name, port, pids: () => [child.pid ?? 0] };
  }

  /** The edge with everything on, as one process or as several that share the listening socket. */
  async edge(name: string, main: string, upstream: number, processes: number): Promise<Contestant> {
    const { handle, address } = createListener({ host: "127.0.0.1", port: 0 });
    const pids: number[] = [];
    for (let index = 0; index < processes; index++) {
      const socket = path.join(this.#directory, `edge-${processes}-${index}.sock`);
      const log = path.join(this.#directory, `edge-${processes}-${index}.log`);
      const child = fork(main, ["--socket", socket, "--access-log", log], {
        stdio: ["ignore", "ignore", "inherit", "ipc"],
      });
      this.#children.push(child);
      pids.push(child.pid ?? 0);
      await waitFor(() => fs.existsSync(socket));
      await sendListener(child, address, handle);
      await put(socket, tableFor(address, upstream));
    }
    return { name, port: address.port, pids: () => pids };
  }

  async end(): Promise<void> {
    await Promise.all(
      this.#children.map((child) => {
        if (child.exitCode !== null || child.signalCode !== null) return undefined;
        const exited = new Promise((resolve) => child.once("exit", resolve));
        child.kill("SIGTERM");
        return exited;
      }),
    );
  }

  #start(command: string, argv: readonly string[]): ChildProcess {
    const child = spawn(command, argv, { stdio: ["ignore", "ignore", "inherit"] });
    this.#children.push(child);
    return child;
  }

  async #nginx(name: string, port: number, workers: number, http: string, location: string): Promise<ChildProcess> {
    const config = path.join(this.#directory, `${name}.conf`);
    fs.writeFileSync(
      config,
      `daemon off; worker_processes ${workers}; pid "${this.#directory}/${name}.pid"; error_log stderr error;
events { worker_connections 4096; }
http { access_log off; keepalive_requests 100000000; ${http}
server { listen 127.0.0.1:${port} reuseport; location / { ${location} } } }`,
    );
    const child = this.#start("nginx", ["-p", this.#directory, "-c", config, "-e", "stderr"]);
    await open(port);
    return child;
  }
}

/** Everything on: two groups with weights, a header and a cookie route, stickiness, outlier counts, slow counts. */
function tableFor(listener: { host: string; port: number }, upstream: number): EdgeTable {
  const replica = (id: string) => ({
    id,
    host: "127.0.0.1",
    port: upstream,
    ready: true,
    draining: false,
    probePath: "/",
  });
  return {
    generation: 1,
    services: [
      {
        key: "bench/production/web",
        listener,
        tls: null,
        weights: { r1: 90, r2: 10 },
        routes: [
          { match: { kind: "header", name: "x-canary", value: "yes", mode: "exact" }, group: "r2" },
          { match: { kind: "cookie", name: "canary", value: "yes" }, group: "r2" },
        ],
        sticky: { cookie: "windlass", ttlMs: 3_600_000 },
        policy: {
          outAfterFailures: 5,
          inAfterSuccesses: 2,
          retries: 2,
          holdMs: 5_000,
          drainMs: 1_000,
          requestTimeoutMs: 30_000,
          maxBodyBytes: 10_485_760,
        },
        slowMs: 500,
        groups: {
          r1: { label: "stable", replicas: [replica("r1-1"), replica("r1-2"), replica("r1-3")] },
          r2: { label: "canary", replicas: [replica("r2-1")] },
        },
      },
    ],
  };
}

function put(socketPath: string, table: EdgeTable): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = http.request({ socketPath, method: "PUT", path: "/table" }, (response) => {
      response.resume();
      response.on("end", () => {
        if (response.statusCode === 200) resolve();
        else reject(new Error(`the edge refused the table: ${response.statusCode}`));
      });
    });
    request.on("error", reject);
    request.end(JSON.stringify(table));
  });
}

function childrenOf(pid: number): number[] {
  const found = spawnSync("ps", ["-o", "pid=", "--ppid", String(pid)], { encoding: "utf8" });
  return found.stdout
    .split("\n")
    .map(Number)
    .filter((child) => child > 0);
}

function open(port: number): Promise<void> {
  return waitFor(
    () =>
      new Promise<boolean>((resolve) => {
        const socket = net.connect(port, "127.0.0.1", () => resolve(true));
        socket.on("error", () => resolve(false));
        socket.on("connect", () => socket.destroy());
      }),
  );
}

async function waitFor(ready: () => boolean | Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    if (await ready()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("a contestant did not start within 10 s");
}
