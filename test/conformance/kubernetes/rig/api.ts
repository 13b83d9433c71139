import { Agent, request } from "undici";
import type { Pair } from "./certificates.js";

/** An object as the API server gives it. */
export interface KubernetesObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly generation?: number;
    readonly [field: string]: unknown;
  };
  readonly [field: string]: unknown;
}

/** Asks the API server as an administrator: for what stories arrange and look at, beside what is tested. */
export class RigApi {
  readonly #agent: Agent;

  constructor(
    readonly url: string,
    ca: string,
    client: Pair,
  ) {
    this.#agent = new Agent({
      connect: { ca, cert: client.certificate, key: client.key },
      connections: 16,
      headersTimeout: 20_000,
      bodyTimeout: 20_000,
    });
  }

  async get(path: string): Promise<KubernetesObject> {
    return (await this.send("GET", path)) as KubernetesObject;
  }

  async list(path: string): Promise<readonly KubernetesObject[]> {
    return ((await this.send("GET", path)) as { items: KubernetesObject[] }).items;
  }

  /** Server-side apply as field manager `rig`, with force. */
  async apply(path: string, object: unknown): Promise<KubernetesObject> {
    const to = `${path}?fieldManager=rig&force=true`;
    return (await this.send("PATCH", to, object, "application/apply-patch+yaml")) as KubernetesObject;
  }

  async create(path: string, object: unknown): Promise<KubernetesObject> {
    return (await this.send("POST", path, object)) as KubernetesObject;
  }

  async merge(path: string, patch: unknown): Promise<KubernetesObject> {
    return (await this.send("PATCH", path, patch, "application/merge-patch+json")) as KubernetesObject;
  }

  async remove(path: string): Promise<void> {
    await this.send("DELETE", path);
  }

  /** The answer's JSON, or its text when it is none; an error with the server's words when the status is 400 or more. */
  async send(
    method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE",
    path: string,
    body?: unknown,
    type = "application/json",
  ): Promise<unknown> {
    const answer = await request(`${this.url}${path}`, {
      method,
      dispatcher: this.#agent,
      headers: body === undefined ? {} : { "content-type": type },
      body: body === undefined ? null : JSON.stringify(body),
    });
    const text = await answer.body.text();
    if (answer.statusCode >= 400)
      throw new RigApiError(answer.statusCode, `${method} ${path}: ${answer.statusCode} ${text}`);
    return String(answer.headers["content-type"]).startsWith("application/json") ? JSON.parse(text) : text;
  }

  /** Whether `path` is answered with 200 within two seconds. */
  healthy(path: string): Promise<boolean> {
    return this.healthyAt(`${this.url}${path}`);
  }

  /** The same of another server of the cluster. */
  async healthyAt(url: string): Promise<boolean> {
    const answer = await request(url, { dispatcher: this.#agent, headersTimeout: 2000, bodyTimeout: 2000 });
    await answer.body.dump();
    return answer.statusCode === 200;
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }
}

export class RigApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}
