import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { request } from "undici";
import type { AnswerHeaders } from "../../../src/load/template.js";
import { type PostgresServer, startPostgres } from "../../../systems/customer-service/test/postgres.js";
import { baseLayout } from "../docker/rig/base-image.js";
import { type RigRegistry, startRegistry } from "../docker/rig/registry.js";
import { type Cluster, startCluster } from "./rig/cluster.js";
import { BRIDGE_ADDRESS } from "./rig/node/network.js";
import { accountOn } from "./rights.js";

export interface Answered {
  readonly status: number;
  readonly headers: AnswerHeaders;
  readonly body: unknown;
}

/** What the systems need around them: a cluster with a gateway, a registry, a base for images, and a database. */
export class SystemWorld {
  private constructor(
    readonly cluster: Cluster,
    /** A kubeconfig with what rights the documentation asks for. */
    private readonly kubeconfig: string,
    private readonly registry: RigRegistry,
    private readonly postgres: PostgresServer,
    private readonly folder: string,
    private readonly databases: net.Server[] = [],
  ) {}

  static async start(): Promise<SystemWorld> {
    const folder = await mkdtemp(path.join(os.tmpdir(), "windlass-systems-"));
    const [registry, postgres] = await Promise.all([startRegistry(), startPostgres(), baseLayout(`${folder}/base`)]);
    const cluster = await startCluster({ kubelet: true, gateway: "traefik" });
    await cluster.allowRegistry(registry.host);
    return new SystemWorld(cluster, await accountOn(cluster), registry, postgres, folder);
  }

  /** A new database, as pods reach it: PostgreSQL listens on a Unix socket, and the machine's bridge leads there. */
  async database(name: string): Promise<string> {
    const url = new URL(await this.postgres.createDatabase(name));
    const socket = path.join(url.searchParams.get("host") ?? "", ".s.PGSQL.5432");
    const relay = net.createServer((client) => {
      const server = net.connect(socket);
      client.pipe(server).pipe(client);
      for (const one of [client, server]) one.on("error", () => void [client.destroy(), server.destroy()]);
    });
    relay.listen(0, BRIDGE_ADDRESS);
    await once(relay, "listening");
    this.databases.push(relay);
    return `postgres://postgres@${BRIDGE_ADDRESS}:${(relay.address() as net.AddressInfo).port}/${name}`;
  }

  /** What an environment of a document lacks here: this cluster, this registry, this gateway. */
  layer(system: string, services: Readonly<Record<string, object>>): object {
    const { name, namespace, metricsUrl: metrics } = this.cluster.gateway;
    const gateway = { name, namespace, section: null, metrics };
    return {
      protected: false,
      registry: `${this.registry.host}/${system}`,
      kubernetes: { kubeconfig: this.kubeconfig, context: null, gateway },
      services,
    };
  }

  /** What images are made on, of this machine's own Node.js: nothing can be pulled here. */
  get base(): string {
    return path.join(this.folder, "base");
  }

  /** Through the gateway, as a client of that host. */
  async ask(host: string, where: string, more: { body?: unknown; headers?: Record<string, string> } = {}) {
    const { statusCode, headers, body } = await request(this.cluster.gateway.url + where, {
      method: more.body === undefined ? "GET" : "POST",
      headers: { host, "content-type": "application/json", ...more.headers },
      body: more.body === undefined ? null : JSON.stringify(more.body),
    });
    const text = await body.text();
    const isJson = String(headers["content-type"]).includes("json");
    return { status: statusCode, headers, body: isJson ? (JSON.parse(text) as unknown) : text } satisfies Answered;
  }

  async end(): Promise<void> {
    await this.cluster.end();
    await this.registry.end();
    await this.postgres.end();
    for (const relay of this.databases) relay.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}
