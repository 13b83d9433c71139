import { spawn } from "node:child_process";
import http from "node:http";
import net from "node:net";
import type { Probe } from "../../../spec/compiled.js";

export interface ProbeTarget {
  readonly port: number | null;
  /** For a TCP probe; 127.0.0.1 without it. */
  readonly host?: string;
  /** Where it is another one at `host`. */
  readonly hostPort?: number;
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
}

export interface ProbeAnswer {
  readonly ok: boolean;
  /** What a person wants to know of a failure: `GET /ready answered 503`. */
  readonly detail: string;
}

const HOST = "127.0.0.1";

/** One look at a replica; never rejects, and answers within the probe's timeout. */
export function runProbe(probe: Probe, target: ProbeTarget): Promise<ProbeAnswer> {
  const { action } = probe;
  if (action.kind === "command") return commandProbe(action.argv, target, probe.timeoutMs);
  if (target.port === null) return Promise.resolve({ ok: false, detail: "the service has no port to probe" });
  if (action.kind === "tcp") return tcpProbe(target.host ?? HOST, target.hostPort ?? target.port, probe.timeoutMs);
  return httpProbe(action.path, target.port, probe.timeoutMs);
}

export function httpProbe(path: string, port: number, timeoutMs: number, status?: number): Promise<ProbeAnswer> {
  return new Promise((resolve) => {
    const name = `GET ${path}`;
    const headers = { "user-agent": "windlass-probe", connection: "close" };
    const request = http.request({ host: HOST, port, path, agent: false, headers }, (response) => {
      const code = response.statusCode ?? 0;
      response.on("error", () => resolve({ ok: false, detail: `${name}: the answer broke off` }));
      response.resume();
      const ok = status === undefined ? code >= 200 && code < 400 : code === status;
      resolve({ ok, detail: `${name} answered ${code}${status === undefined || ok ? "" : `, not ${status}`}` });
      request.destroy();
    });
    const timer = setTimeout(() => {
      resolve({ ok: false, detail: `${name} had no answer within ${timeoutMs} ms` });
      request.destroy();
    }, timeoutMs);
    request.on("error", (error) => resolve({ ok: false, detail: `${name}: ${error.message}` }));
    request.on("close", () => clearTimeout(timer));
    request.end();
  });
}

function tcpProbe(host: string, port: number, timeoutMs: number): Promise<ProbeAnswer> {
  return new Promise((resolve) => {
    const socket = net.connect({ host, port });
    const finish = (ok: boolean, detail: string): void => {
      socket.destroy();
      resolve({ ok, detail });
    };
    socket.setTimeout(timeoutMs, () => finish(false, `port ${port} did not answer within ${timeoutMs} ms`));
    socket.once("connect", () => finish(true, `port ${port} accepts connections`));
    socket.once("error", (error) => finish(false, `port ${port}: ${error.message}`));
  });
}

export function commandProbe(argv: readonly string[], target: ProbeTarget, timeoutMs: number): Promise<ProbeAnswer> {
  return new Promise((resolve) => {
    const [command = "", ...rest] = argv;
    const { cwd, environment } = target;
    const child = spawn(command, rest, { cwd, env: { ...environment }, detached: true, stdio: "ignore" });
    const timer = setTimeout(() => {
      resolve({ ok: false, detail: `${command} did not end within ${timeoutMs} ms` });
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGKILL");
    }, timeoutMs);
    child.once("error", (error) => {
      clearTimeout(timer);
      resolve({ ok: false, detail: `${command}: ${error.message}` });
    });
    child.once("exit", (code, signal) => {
      clearTimeout(timer);
      resolve({ ok: code === 0, detail: `${command} ended with ${signal ?? code}` });
    });
  });
}
