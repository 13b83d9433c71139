import http, { type IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import * as answers from "./answers.js";
import type { EdgeContext } from "./context.js";
import { plainAddress } from "./exchange.js";
import { requestHeaders } from "./headers.js";
import type { Held } from "./holding.js";
import type { Cuttable, Replica } from "./replica.js";
import { requestIdOf } from "./request-id.js";
import { mayRetry } from "./retry.js";
import type { Service } from "./service.js";

/** What is still to be sent when a connection is cut gets this long. */
const CUT_AFTER_MS = 1_000;

/** A connection that stops being HTTP (WebSocket): asked of a replica, then both sockets joined byte for byte. */
export class Upgrade implements Held, Cuttable {
  private readonly startedAt: number;
  private readonly requestId: string;
  private replica: Replica | null = null;
  private upstream: Duplex | null = null;
  private outgoing: http.ClientRequest | null = null;
  private readonly tried: Replica[] = [];
  private status = 0;
  private ended = false;

  constructor(
    private readonly edge: EdgeContext,
    private readonly service: Service,
    private readonly req: IncomingMessage,
    private readonly socket: Duplex,
    private readonly head: Buffer,
    private readonly secure: boolean,
  ) {
    this.startedAt = edge.now();
    this.requestId = requestIdOf(req.headers["x-request-id"]);
  }

  get deadline(): number {
    return this.startedAt + this.service.plan.policy.holdMs;
  }

  begin(): void {
    this.edge.upgrades.add(this);
    this.socket.on("error", () => this.socket.destroy());
    this.socket.on("close", () => this.end());
    const { headers } = this.req;
    const hasBody = headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
    if (hasBody) {
      this.answer(answers.BAD_REQUEST);
      return;
    }
    this.resume();
  }

  resume(): void {
    const { service } = this;
    const { plan } = service;
    const decision = service.decide(this.req.headers);
    const replica = decision === null ? null : service.pick(plan, decision.group, this.tried);
    if (decision === null || replica === null) {
      this.tried.length = 0;
      if (this.edge.now() >= this.deadline) {
        this.expire();
        return;
      }
      if (!service.holding.add(this)) this.answer(answers.HOLD_FULL);
      return;
    }
    if (decision.dealt) service.dealt();
    this.ask(replica);
  }

  expire(): void {
    this.service.unserved.no_replica += 1;
    this.answer(answers.NO_REPLICA);
  }

  /** The drain's deadline: both ends get a FIN, and no more time than that takes. */
  cut(): void {
    this.socket.end();
    this.upstream?.end();
    setTimeout(() => {
      this.socket.destroy();
      this.upstream?.destroy();
      this.outgoing?.destroy();
    }, CUT_AFTER_MS).unref();
  }

  private ask(replica: Replica): void {
    const { req } = this;
    const { policy } = this.service.plan;
    this.replica = replica;
    replica.inFlight += 1;
    replica.upgraded.add(this);
    const headers = requestHeaders(
      req.rawHeaders,
      plainAddress((this.socket as Socket).remoteAddress),
      this.secure ? "https" : "http",
      req.headers.host,
      this.requestId,
    );
    headers.push("connection", "Upgrade", "upgrade", req.headers.upgrade ?? "");
    const { host, port } = replica;
    const outgoing = http.request({ host, port, method: req.method, path: req.url, headers, agent: false });
    this.outgoing = outgoing;
    outgoing.setTimeout(policy.requestTimeoutMs, () => outgoing.destroy(new Error("no answer in time")));
    outgoing.on("upgrade", (response, upstream, head) => this.join(replica, response, upstream, head));
    outgoing.on("response", (response) => this.relay(replica, response));
    outgoing.on("error", (error) => this.failed(replica, error));
    outgoing.end();
  }

  private join(replica: Replica, response: IncomingMessage, upstream: Duplex, head: Buffer): void {
    const { socket } = this;
    this.status = 101;
    this.upstream = upstream;
    (upstream as Socket).setTimeout(0);
    upstream.on("error", () => upstream.destroy());
    upstream.on("close", () => socket.destroy());
    if (socket.destroyed) {
      upstream.destroy();
      return;
    }
    replica.judge("success", this.service.plan.policy);
    socket.write(headOf(response, null));
    if (head.length > 0) socket.write(head);
    if (this.head.length > 0) upstream.write(this.head);
    socket.pipe(upstream);
    upstream.pipe(socket);
  }

  /** The replica does not want to: its answer goes to the client, and the connection ends with it. */
  private relay(replica: Replica, response: IncomingMessage): void {
    this.status = response.statusCode ?? 502;
    replica.judge("success", this.service.plan.policy);
    this.socket.write(headOf(response, "close"));
    response.pipe(this.socket);
    response.on("error", () => this.socket.destroy());
  }

  private failed(replica: Replica, error: Error & { code?: string; syscall?: string }): void {
    if (this.status !== 0 || this.ended) {
      this.socket.destroy();
      return;
    }
    const { policy } = this.service.plan;
    replica.judge("failure", policy);
    const sent = error.syscall !== "connect";
    const retriesLeft = policy.retries - this.tried.length;
    if (mayRetry({ method: this.req.method ?? "GET", hasBody: false, sent, timedOut: sent, retriesLeft })) {
      this.leave(replica);
      this.tried.push(replica);
      this.service.retries += 1;
      this.resume();
      return;
    }
    this.edge.report(replica, error, this.requestId);
    this.answer(answers.UPSTREAM_FAILED);
  }

  private answer(answer: answers.Answer): void {
    this.status = answer.status;
    this.socket.end(answers.rawAnswer(answer), () => this.socket.destroy());
  }

  private leave(replica: Replica): void {
    if (!replica.upgraded.delete(this)) return;
    replica.inFlight -= 1;
  }

  private end(): void {
    if (this.ended) return;
    this.ended = true;
    const { edge, service, replica, req, status } = this;
    edge.upgrades.delete(this);
    service.holding.remove(this);
    this.upstream?.destroy();
    this.outgoing?.destroy();
    const now = edge.now();
    const took = now - this.startedAt;
    const { key, slowMs } = service.plan.definition;
    if (replica !== null) {
      this.leave(replica);
      replica.count(edge.secondOf(now), status === 0 ? 499 : status, took, status >= 500, slowMs);
    }
    const method = req.method ?? "GET";
    const group = replica?.group ?? "";
    edge.log?.write(
      key,
      this.requestId,
      method,
      req.url ?? "/",
      status,
      took,
      group,
      replica?.id ?? "",
      0,
      this.tried.length,
    );
  }
}

/** The raw head of an answer, for a connection that is no longer HTTP on our side. */
function headOf(response: IncomingMessage, connection: "close" | null): string {
  let head = `HTTP/1.1 ${response.statusCode} ${response.statusMessage ?? ""}\r\n`;
  const raw = response.rawHeaders;
  for (let at = 0; at < raw.length; at += 2) {
    const name = (raw[at] as string).toLowerCase();
    if (connection !== null && (name === "connection" || name === "transfer-encoding" || name === "keep-alive"))
      continue;
    head += `${raw[at]}: ${raw[at + 1]}\r\n`;
  }
  return `${head}${connection === null ? "" : `connection: ${connection}\r\n`}\r\n`;
}
