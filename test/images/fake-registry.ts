import http, { type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { digestOfBytes } from "../../src/images/digest.js";

/** A registry in memory that lets a story decide about each request first. */
export class FakeRegistry {
  readonly blobs = new Map<string, Buffer>();
  readonly manifests = new Map<string, { type: string; bytes: Buffer }>();
  readonly seen: string[] = [];
  /** True: the story has answered. */
  before: (request: IncomingMessage, response: ServerResponse, url: URL) => boolean = () => false;
  readonly #server = http.createServer((request, response) => {
    const url = new URL(request.url ?? "/", `http://${this.host}`);
    this.seen.push(`${request.method} ${url.pathname}${url.search}`);
    if (this.before(request, response, url)) return;
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => this.#answer(request, response, url, Buffer.concat(chunks)));
  });

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
  }

  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer({ method, headers }: IncomingMessage, response: ServerResponse, url: URL, body: Buffer): void {
    const [, repository = "", kind = "", name = ""] = /^\/v2\/(.+)\/(manifests|blobs)\/(.*)$/.exec(url.pathname) ?? [];
    const key = `${repository}/${name}`;
    if (method === "POST") {
      const mounted = this.blobs.get(`${url.searchParams.get("from")}/${url.searchParams.get("mount")}`);
      if (mounted === undefined)
        return void response.writeHead(202, { location: `/v2/${repository}/blobs/uploads/1?state=x` }).end();
      this.blobs.set(`${repository}/${url.searchParams.get("mount")}`, mounted);
      return void response.writeHead(201).end();
    }
    if (method === "PUT" && kind === "manifests") {
      this.manifests.set(key, { type: headers["content-type"] ?? "", bytes: body });
      return void response.writeHead(201).end();
    }
    if (method === "PUT") {
      const digest = url.searchParams.get("digest") ?? "";
      if (digestOfBytes(body) !== digest || url.searchParams.get("state") !== "x")
        return void response.writeHead(400).end();
      this.blobs.set(`${repository}/${digest}`, body);
      return void response.writeHead(201).end();
    }
    const found = kind === "manifests" ? this.manifests.get(key) : { type: "", bytes: this.blobs.get(key) };
    if (found?.bytes === undefined) return void response.writeHead(404).end('{"errors":[{"code":"NAME_UNKNOWN"}]}');
    response.writeHead(200, {
      "content-type": found.type,
      "content-length": found.bytes.length,
      "docker-content-digest": digestOfBytes(found.bytes),
    });
    response.end(method === "HEAD" ? undefined : found.bytes);
  }
}
