import http from "node:http";
import https from "node:https";
import type { AddressInfo } from "node:net";
import type { KubernetesObject } from "../../src/render/kubernetes/object.js";

/** What a story answers instead of the server; null lets it go on. */
export type Interruption = (request: http.IncomingMessage, response: http.ServerResponse) => boolean;

interface Past {
  readonly version: number;
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly object: KubernetesObject;
}

interface Watcher {
  readonly prefix: string;
  readonly response: http.ServerResponse;
}

/**
 * The parts of an API server that a client meets: objects by path, lists in pages of one snapshot, watches that go
 * on from a version, and everything that goes wrong with them. Paths are taken as they come; nothing is validated.
 */
export class FakeApi {
  readonly requests: string[] = [];
  readonly authorizations: (string | undefined)[] = [];
  readonly peers: (string | null)[] = [];
  interrupt: Interruption = () => false;
  readonly #server: http.Server;
  readonly #objects = new Map<string, KubernetesObject>();
  readonly #past: Past[] = [];
  readonly #watchers = new Set<Watcher>();
  readonly #snapshots = new Map<string, KubernetesObject[]>();
  #version = 100;
  #oldest = 0;

  private constructor(tls: https.ServerOptions | null) {
    const listener: http.RequestListener = (request, response) => {
      this.requests.push(`${request.method} ${request.url}`);
      this.authorizations.push(request.headers.authorization);
      this.peers.push(peerOf(request));
      if (!this.interrupt(request, response)) void this.#answer(request, response);
    };
    this.#server = tls === null ? http.createServer(listener) : https.createServer(tls, listener);
  }

  static async start(tls: https.ServerOptions | null = null): Promise<FakeApi> {
    const api = new FakeApi(tls);
    await new Promise<void>((resolve) => api.#server.listen(0, "127.0.0.1", resolve));
    return api;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get watching(): number {
    return this.#watchers.size;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** By its collection's path: `/api/v1/namespaces/shop/configmaps`. */
  put(collection: string, name: string, data: Record<string, unknown> = {}): KubernetesObject {
    const path = `${collection}/${name}`;
    const before = this.#objects.get(path);
    const version = ++this.#version;
    const uid = before?.metadata.uid ?? `uid-${version}`;
    const namespace = /\/namespaces\/([^/]+)\//.exec(path)?.[1];
    const metadata = { name, uid, resourceVersion: String(version), ...(namespace === undefined ? {} : { namespace }) };
    const object = { apiVersion: "v1", kind: "ConfigMap", data, metadata };
    this.#objects.set(path, object);
    this.#happened({ version, type: before === undefined ? "ADDED" : "MODIFIED", object }, path);
    return object;
  }

  remove(collection: string, name: string, told = true): void {
    const path = `${collection}/${name}`;
    const object = this.#objects.get(path);
    if (object === undefined) return;
    const version = ++this.#version;
    this.#objects.delete(path);
    const last = { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } };
    if (told) this.#happened({ version, type: "DELETED", object: last }, path);
  }

  /** Sent to all watches as it is: bookmarks, duplicates, errors, halves of lines. */
  say(line: string | Uint8Array): void {
    for (const { response } of this.#watchers) response.write(line);
  }

  bookmark(): string {
    const version = String(++this.#version);
    this.say(`${JSON.stringify({ type: "BOOKMARK", object: { metadata: { resourceVersion: version } } })}\n`);
    return version;
  }

  /** Cuts all watches, as a proxy or a crash does. */
  cut(): void {
    for (const { response } of this.#watchers) response.destroy();
  }

  /** Watches and pages from before now are gone. */
  compact(): void {
    this.#oldest = this.#version;
    this.#snapshots.clear();
  }

  #happened(past: Past, path: string): void {
    this.#past.push(past);
    for (const { prefix, response } of this.#watchers)
      if (path.startsWith(prefix)) response.write(`${JSON.stringify({ type: past.type, object: past.object })}\n`);
  }

  async #answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://fake");
    const body = await text(request);
    const path = url.pathname;
    const cut = path.lastIndexOf("/");
    const [collection, name] = [path.slice(0, cut), path.slice(cut + 1)];
    const held = this.#objects.get(path);
    if (url.searchParams.get("watch") === "true") return this.#watch(url, response);
    switch (request.method) {
      case "PATCH":
      case "PUT":
        return send(response, 200, this.put(collection, name, JSON.parse(body).data));
      case "POST":
        return send(response, 201, this.put(path, JSON.parse(body).metadata.name, JSON.parse(body).data));
      case "DELETE":
        if (held === undefined) return send(response, 404, status(404, "NotFound"));
        this.remove(collection, name);
        return send(response, 200, { kind: "Status", status: "Success" });
      default:
        if (held !== undefined) return send(response, 200, held);
        if (/s$/.test(name)) return this.#list(url, response);
        return send(response, 404, status(404, "NotFound", `configmaps "${name}" not found`));
    }
  }

  #list(url: URL, response: http.ServerResponse): void {
    const token = url.searchParams.get("continue");
    const limit = Number(url.searchParams.get("limit") ?? 500);
    const [version, from] = token === null ? [String(this.#version), 0] : pair(token);
    const all = [...this.#objects].filter(([path]) => path.startsWith(`${url.pathname}/`)).map(([, object]) => object);
    if (token === null) this.#snapshots.set(version, all);
    const snapshot = this.#snapshots.get(version);
    if (snapshot === undefined) {
      send(response, 410, status(410, "Expired", "The provided continue is too old"));
      return;
    }
    const more = from + limit < snapshot.length ? { continue: `${version}:${from + limit}` } : {};
    const items = snapshot.slice(from, from + limit).map(({ metadata, data }) => ({ metadata, data }));
    send(response, 200, { kind: "List", metadata: { resourceVersion: version, ...more }, items });
  }

  #watch(url: URL, response: http.ServerResponse): void {
    const version = Number(url.searchParams.get("resourceVersion"));
    response.writeHead(200, { "content-type": "application/json" });
    response.flushHeaders();
    if (version < this.#oldest) {
      response.end(
        `${JSON.stringify({ type: "ERROR", object: status(410, "Expired", "too old resource version") })}\n`,
      );
      return;
    }
    for (const past of this.#past)
      if (past.version > version) response.write(`${JSON.stringify({ type: past.type, object: past.object })}\n`);
    const watcher = { prefix: `${url.pathname}/`, response };
    this.#watchers.add(watcher);
    response.once("close", () => this.#watchers.delete(watcher));
  }
}

export function status(code: number, reason: string, message = reason, details: Record<string, unknown> = {}) {
  return { kind: "Status", apiVersion: "v1", status: "Failure", code, reason, message, details };
}

export function send(
  response: http.ServerResponse,
  code: number,
  body: unknown,
  headers: http.OutgoingHttpHeaders = {},
) {
  response.writeHead(code, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify(body));
}

async function text(request: http.IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts).toString("utf8");
}

function pair(token: string): [string, number] {
  const [version = "", from = "0"] = token.split(":");
  return [version, Number(from)];
}

function peerOf({ socket }: http.IncomingMessage): string | null {
  if (!("getPeerCertificate" in socket) || typeof socket.getPeerCertificate !== "function") return null;
  const subject: { CN?: string } | undefined = socket.getPeerCertificate().subject;
  return subject?.CN ?? null;
}
