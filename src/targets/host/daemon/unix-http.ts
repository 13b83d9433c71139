import http from "node:http";
import { type ErrorJson, WindlassError } from "../../../error.js";
import { DAEMON_PROTOCOL, PROTOCOL_HEADER } from "./protocol.js";

export interface Call {
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  readonly path: string;
  readonly body?: unknown;
  readonly deadlineMs: number;
}

/** JSON over a Unix socket to a process of ours. Every call of these protocols may be made twice. */
export class UnixHttp {
  private readonly agent = new http.Agent({ keepAlive: true, maxSockets: 8 });

  constructor(
    readonly socket: string,
    /** Whom one talks to, for messages: `daemon`, `edge`. */
    private readonly peer: string,
  ) {}

  /** Rejects with `host-<peer>-unreachable`, `host-<peer>-timeout` or the error that the peer answered with. */
  async json<T>(call: Call): Promise<T> {
    try {
      return (await this.once(call)) as T;
    } catch (error) {
      // A kept connection to a process that was replaced meanwhile: the next one is fresh.
      if (error instanceof WindlassError || !brokenConnection(error)) throw this.explain(error);
      try {
        return (await this.once(call)) as T;
      } catch (second) {
        throw this.explain(second);
      }
    }
  }

  /** An answer that goes on: the response with its body unread. */
  open(path: string, signal: AbortSignal): Promise<http.IncomingMessage> {
    return new Promise((resolve, reject) => {
      const headers = { [PROTOCOL_HEADER]: String(DAEMON_PROTOCOL) };
      const request = http.get({ socketPath: this.socket, path, agent: false, signal, headers }, (response) => {
        if (response.statusCode === 200) return resolve(response);
        collect(response).then((text) => reject(answered(text, response.statusCode ?? 0, this.peer)), reject);
      });
      request.on("error", (error) => reject(this.explain(error)));
    });
  }

  close(): void {
    this.agent.destroy();
  }

  private once(call: Call): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const text = call.body === undefined ? undefined : JSON.stringify(call.body);
      const headers: http.OutgoingHttpHeaders = { [PROTOCOL_HEADER]: String(DAEMON_PROTOCOL) };
      if (text !== undefined) {
        headers["content-type"] = "application/json";
        headers["content-length"] = Buffer.byteLength(text);
      }
      const { method, path } = call;
      const request = http.request(
        { socketPath: this.socket, agent: this.agent, method, path, headers },
        (response) => {
          collect(response).then((body) => {
            const status = response.statusCode ?? 0;
            if (status >= 400) return reject(answered(body, status, this.peer));
            resolve(body === "" ? {} : JSON.parse(body));
          }, reject);
        },
      );
      const timer = setTimeout(() => {
        request.destroy(
          new WindlassError(
            `host-${this.peer}-timeout`,
            `the ${this.peer} did not answer within ${call.deadlineMs} ms`,
            {
              retry: "safe",
            },
          ),
        );
      }, call.deadlineMs);
      request.on("error", reject);
      request.on("close", () => clearTimeout(timer));
      request.end(text);
    });
  }

  private explain(error: unknown): unknown {
    if (error instanceof WindlassError || !(error instanceof Error) || !("code" in error)) return error;
    return new WindlassError(`host-${this.peer}-unreachable`, `the ${this.peer} does not answer on its socket`, {
      hint: "windlass doctor says what runs on this machine.",
      retry: "safe",
      cause: error,
    });
  }
}

function brokenConnection(error: unknown): boolean {
  return ["ECONNRESET", "EPIPE"].includes((error as NodeJS.ErrnoException).code ?? "");
}

async function collect(response: http.IncomingMessage): Promise<string> {
  response.setEncoding("utf8");
  let text = "";
  for await (const chunk of response) text += chunk;
  return text;
}

function answered(text: string, status: number, peer: string): WindlassError {
  try {
    const json: unknown = JSON.parse(text);
    if (typeof json === "object" && json !== null && "code" in json) return WindlassError.fromJSON(json as ErrorJson);
  } catch (error) {
    return new WindlassError(`host-${peer}-answer`, `the ${peer} answered ${status} with something else than JSON`, {
      cause: error,
    });
  }
  return new WindlassError(`host-${peer}-answer`, `the ${peer} answered ${status}`);
}
