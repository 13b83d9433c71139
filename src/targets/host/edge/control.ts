import fs from "node:fs";
import http from "node:http";
import { z } from "zod";
import { WindlassError } from "../../../error.js";
import type { Edge } from "./edge.js";
import { parseTable } from "./table-schema.js";

const BODY_BYTES = 16 * 1024 * 1024;
const STATUS: Readonly<Record<string, number>> = {
  "edge-table-invalid": 400,
  "edge-request-invalid": 400,
  "edge-unknown-path": 404,
  "edge-table-stale": 409,
  "host-port-taken": 409,
  "edge-draining": 409,
  "edge-certificate-invalid": 422,
  "edge-body-too-large": 413,
};

export interface ControlOptions {
  readonly socket: string;
  /** Starts a daemon with the listening sockets; resolves with its pid. */
  readonly startDaemon: (argv: readonly string[]) => Promise<number>;
  /** Drains and ends the process. */
  readonly drain: () => void;
}

/** The edge's side of `protocol.ts`: HTTP on a Unix socket that only its owner can open. */
export class Control {
  readonly #server: http.Server;
  readonly #socket: string;
  #inode = 0;

  private constructor(
    private readonly edge: Edge,
    private readonly options: ControlOptions,
  ) {
    this.#socket = options.socket;
    this.#server = http.createServer((req, res) => void this.#handle(req, res));
  }

  /** Takes the path over from an edge that has it now, without a moment in which there is none. */
  static async listen(edge: Edge, options: ControlOptions): Promise<Control> {
    const control = new Control(edge, options);
    const temporary = `${options.socket}.${process.pid}`;
    fs.rmSync(temporary, { force: true });
    const before = process.umask(0o177);
    try {
      await new Promise<void>((resolve, reject) => {
        control.#server.once("error", reject);
        control.#server.listen(temporary, resolve);
      });
    } finally {
      process.umask(before);
    }
    control.#inode = fs.statSync(temporary).ino;
    fs.renameSync(temporary, options.socket);
    return control;
  }

  /** Leaves the path alone when a newer edge has taken it. */
  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
    const found = fs.statSync(this.#socket, { throwIfNoEntry: false });
    if (found?.ino === this.#inode) fs.rmSync(this.#socket, { force: true });
  }

  async #handle(req: http.IncomingMessage, res: http.ServerResponse): Promise<void> {
    try {
      const answer = await this.#answer(req);
      const text = typeof answer === "string";
      res.writeHead(200, { "content-type": text ? "text/plain; version=0.0.4; charset=utf-8" : "application/json" });
      res.end(text ? answer : JSON.stringify(answer));
    } catch (error) {
      const known =
        error instanceof WindlassError ? error : new WindlassError("edge-internal", String(error), { cause: error });
      res.writeHead(STATUS[known.code] ?? 500, { "content-type": "application/json" });
      res.end(JSON.stringify(known));
    }
  }

  async #answer(req: http.IncomingMessage): Promise<object | string> {
    const { edge } = this;
    const url = new URL(req.url ?? "/", "http://edge");
    switch (`${req.method} ${url.pathname}`) {
      case "PUT /table": {
        const table = parseTable(await bodyOf(req));
        await edge.apply(table);
        return edge.status();
      }
      case "GET /status":
        return edge.status();
      case "GET /blocks": {
        const since = Math.max(0, Math.floor(Number(url.searchParams.get("since") ?? 0) || 0));
        return edge.blocks(since, url.searchParams.get("prefix") ?? "");
      }
      case "GET /metrics":
        return edge.metrics();
      case "POST /drain":
        this.options.drain();
        return { draining: true };
      case "POST /daemon": {
        const parsed = z.object({ argv: z.array(z.string()).min(1) }).safeParse(await bodyOf(req));
        if (!parsed.success) throw new WindlassError("edge-request-invalid", "argv must be a list of strings");
        return { pid: await this.options.startDaemon(parsed.data.argv) };
      }
      default:
        throw new WindlassError("edge-unknown-path", `the edge has no ${req.method} ${url.pathname}`);
    }
  }
}

async function bodyOf(req: http.IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES) throw new WindlassError("edge-body-too-large", "the request is larger than 16 MiB");
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString());
  } catch (cause) {
    throw new WindlassError("edge-request-invalid", "the request is not JSON", { cause });
  }
}
