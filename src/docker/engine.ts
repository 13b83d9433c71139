import type { Readable } from "node:stream";
import type { Agent } from "undici";
import { WindlassError } from "../error.js";
import { negotiate } from "./api-version.js";
import { refused, unreachable } from "./refusal.js";

export const DEFAULT_SOCKET = "/var/run/docker.sock";

export interface EngineOptions {
  /** Path of the Engine's Unix socket; `/var/run/docker.sock` by default. */
  readonly socket?: string;
  /** For an answer that needs no long work; 30 s. */
  readonly deadlineMs?: number;
}

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export interface EngineCall {
  readonly query?: Query;
  /** Sent as JSON; a stream is sent as it is, with a `content-type` of its own. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Of the whole call; for a stream of its head, and then of each silence in its body (0: it may be silent for ever). */
  readonly deadlineMs?: number;
  readonly silenceMs?: number;
  readonly signal?: AbortSignal;
}

type Method = "GET" | "HEAD" | "POST" | "PUT" | "DELETE";

const DEADLINE_MS = 30_000;
/** Followed logs and events hold a connection each. */
const MAX_CONNECTIONS = 512;
/** Answers that are read whole; the list of 10,000 containers has some 10 MiB. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

/** The socket that DOCKER_HOST names; the default one without it. Throws `docker-host` for anything but a Unix socket. */
export function socketOf(dockerHost: string | undefined): string {
  if (dockerHost === undefined || dockerHost === "") return DEFAULT_SOCKET;
  if (dockerHost.startsWith("unix://")) return dockerHost.slice("unix://".length);
  throw new WindlassError("docker-host", "DOCKER_HOST does not name a Unix socket.", {
    hint: "DOCKER_HOST=unix:///path/to/docker.sock; an Engine of another machine is not used",
  });
}

/**
 * A Docker Engine over its socket, its API version agreed upon. Every call has a deadline and rejects with
 * `docker-unreachable`, `docker-timeout`, or `docker-refused` (facts: `status`, the Engine's own message).
 */
export class DockerEngine {
  readonly socket: string;
  /** `1.41`. */
  readonly api: string;
  readonly #agent: Agent;
  readonly #deadlineMs: number;

  constructor(socket: string, agent: Agent, api: string, deadlineMs: number) {
    this.socket = socket;
    this.api = api;
    this.#agent = agent;
    this.#deadlineMs = deadlineMs;
  }

  /** One call, its answer read whole. `undefined` where the Engine answers without a body. */
  async json<T>(method: Method, path: string, call: EngineCall = {}): Promise<T> {
    const text = await this.text(method, path, call);
    if (text === "") return undefined as T;
    try {
      return JSON.parse(text) as T;
    } catch (cause) {
      throw new WindlassError("docker-answer", `the Docker Engine answered ${path} without JSON`, { cause });
    }
  }

  async text(method: Method, path: string, call: EngineCall = {}): Promise<string> {
    const deadlineMs = call.deadlineMs ?? this.#deadlineMs;
    const deadline = AbortSignal.timeout(deadlineMs);
    const signal = call.signal === undefined ? deadline : AbortSignal.any([deadline, call.signal]);
    try {
      const { status, body } = await this.#send(method, path, { ...call, signal }, deadlineMs, deadlineMs);
      const text = await whole(body, path);
      if (status >= 300 && status !== 304) throw refused(status, path, text);
      return text;
    } catch (error) {
      throw unreachable(this.socket, error, deadlineMs);
    }
  }

  /** An answer that goes on. The caller reads it to its end or destroys it; `signal` ends it, too. */
  async stream(method: Method, path: string, call: EngineCall = {}): Promise<Readable> {
    const deadlineMs = call.deadlineMs ?? this.#deadlineMs;
    try {
      const { status, body } = await this.#send(method, path, call, deadlineMs, call.silenceMs ?? deadlineMs);
      if (status >= 300) throw refused(status, path, await whole(body, path));
      return body;
    } catch (error) {
      throw unreachable(this.socket, error, deadlineMs);
    }
  }

  /** What a failure in the middle of a stream means. */
  explain(error: unknown, deadlineMs = this.#deadlineMs): unknown {
    return unreachable(this.socket, error, deadlineMs);
  }

  /** Ends every connection, followed streams included. */
  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #send(method: Method, path: string, call: EngineCall, headersTimeout: number, bodyTimeout: number) {
    const { statusCode, body } = await this.#agent.request({
      origin: "http://docker",
      method,
      path: `/v${this.api}${path}${queryOf(call.query)}`,
      headersTimeout,
      bodyTimeout,
      ...(call.signal === undefined ? {} : { signal: call.signal }),
      ...bodyOf(call),
    });
    return { status: statusCode, body };
  }
}

/** Connects and agrees upon a version. The caller closes it. */
export async function openEngine(options: EngineOptions = {}): Promise<DockerEngine> {
  const { socket = DEFAULT_SOCKET, deadlineMs = DEADLINE_MS } = options;
  // Only now: a daemon that wants no container starts without it, and sooner.
  const { Agent } = await import("undici");
  const agent = new Agent({ connect: { socketPath: socket, timeout: deadlineMs }, connections: MAX_CONNECTIONS });
  try {
    const { statusCode, body } = await agent.request({
      origin: "http://docker",
      method: "GET",
      path: "/version",
      signal: AbortSignal.timeout(deadlineMs),
    });
    const text = await whole(body, "/version");
    if (statusCode !== 200) throw refused(statusCode, "/version", text);
    const { ApiVersion, MinAPIVersion } = JSON.parse(text) as { ApiVersion: string; MinAPIVersion?: string };
    return new DockerEngine(socket, agent, negotiate(ApiVersion, MinAPIVersion), deadlineMs);
  } catch (error) {
    await agent.destroy();
    throw unreachable(socket, error, deadlineMs);
  }
}

function bodyOf(call: EngineCall) {
  if (call.body === undefined) return call.headers === undefined ? {} : { headers: call.headers };
  if (isStream(call.body))
    return { body: call.body, headers: { "content-type": "application/x-tar", ...call.headers } };
  return { body: JSON.stringify(call.body), headers: { "content-type": "application/json", ...call.headers } };
}

function isStream(body: unknown): body is Readable {
  return typeof body === "object" && body !== null && "pipe" in body;
}

function queryOf(query: Query | undefined): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) if (value !== undefined) given.set(name, String(value));
  return given.size === 0 ? "" : `?${given}`;
}

async function whole(body: Readable, path: string): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES)
      throw new WindlassError("docker-answer", `the Docker Engine's answer to ${path} has more than 64 MiB`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
