import type { IncomingMessage, ServerResponse } from "node:http";
import type { Dispatcher } from "undici";
import * as answers from "./answers.js";
import type { Connection } from "./connections.js";
import type { EdgeContext } from "./context.js";
import { requestHeaders } from "./headers.js";
import type { Held } from "./holding.js";
import { isGatewayFailure } from "./outlier.js";
import { Relay } from "./relay.js";
import type { Replica } from "./replica.js";
import { requestIdOf } from "./request-id.js";
import { isIdempotent, mayRetry } from "./retry.js";
import type { Decision } from "./routing.js";
import type { Reason, Service } from "./service.js";
import { BodyTooLarge, Upload } from "./upload.js";

const EXCHANGE = Symbol("exchange");
type Carrier = ServerResponse & { [EXCHANGE]?: Exchange };

/**
 * One request on its way through the edge, and undici's handler for it. One object per request and no closures,
 * promises or parsed URLs: this is the hot path.
 */
export class Exchange extends Relay implements Dispatcher.DispatchHandler, Held {
  private readonly startedAt: number;
  private replica: Replica | null = null;
  private connection: Connection | null = null;
  private tried: Replica[] | null = null;
  private upload: Upload | null = null;
  private headers: string[] | null = null;
  private held = false;
  private retries = 0;

  constructor(
    edge: EdgeContext,
    private readonly service: Service,
    req: IncomingMessage,
    res: ServerResponse,
    secure: boolean,
  ) {
    super(edge, req, res, secure, service.plan, requestIdOf(req.headers["x-request-id"]));
    this.startedAt = edge.now();
  }

  get deadline(): number {
    return this.startedAt + this.plan.policy.holdMs;
  }

  begin(expectsContinue: boolean): void {
    const { req, res } = this;
    (res as Carrier)[EXCHANGE] = this;
    res.on("close", onClose);
    const length = req.headers["content-length"];
    const hasBody = req.headers["transfer-encoding"] !== undefined || (length !== undefined && length !== "0");
    if (!hasBody || this.accept(length, expectsContinue)) this.route();
  }

  /** A held request tries again. */
  resume(): void {
    this.held = false;
    this.plan = this.service.plan;
    this.route();
  }

  expire(): void {
    this.held = false;
    this.refuse(answers.NO_REPLICA, "no_replica");
  }

  /** The client's connection is gone, or its answer is complete. */
  closed(): void {
    if (this.finished || this.res.writableFinished) return;
    this.clientGone = true;
    if (this.held) {
      this.service.holding.remove(this);
      this.status = 499;
      this.settle(false);
    } else this.abort?.();
  }

  /** Whether the body may come; false: it was refused. */
  private accept(length: string | undefined, expectsContinue: boolean): boolean {
    const { edge, req, res } = this;
    const limit = this.plan.policy.maxBodyBytes;
    if (length !== undefined && Number(length) > limit) this.refuse(answers.BODY_TOO_LARGE, "body_too_large");
    else if (edge.uploads >= edge.limits.bodies) this.refuse(answers.TOO_MANY_BODIES, "too_many_bodies");
    else {
      edge.uploads += 1;
      this.upload = new Upload(req, limit, expectsContinue ? res : null);
    }
    return this.upload !== null;
  }

  private route(): void {
    const { service, plan } = this;
    const decision = service.decide(this.req.headers);
    const replica = decision === null ? null : service.pick(plan, decision.group, null);
    if (decision === null || replica === null) {
      this.hold();
      return;
    }
    if (decision.dealt) service.dealt();
    this.decision = decision;
    this.send(replica);
  }

  private hold(): void {
    if (this.edge.now() >= this.deadline) this.refuse(answers.NO_REPLICA, "no_replica");
    else if (!this.service.holding.add(this)) this.refuse(answers.HOLD_FULL, "hold_full");
    else {
      this.held = true;
      this.service.heldTotal += 1;
    }
  }

  private send(replica: Replica): void {
    const { req } = this;
    this.replica = replica;
    this.sent = false;
    replica.inFlight += 1;
    this.headers ??= requestHeaders(
      req.rawHeaders,
      plainAddress(req.socket.remoteAddress),
      this.secure ? "https" : "http",
      req.headers.host,
      this.requestId,
    );
    const repeatable = this.upload === null && isIdempotent(req.method as string);
    this.connection = replica.connections.take(this.edge.now(), repeatable);
    this.connection.client.dispatch(
      {
        path: req.url as string,
        method: req.method as Dispatcher.HttpMethod,
        headers: this.headers,
        body: this.upload,
        headersTimeout: this.plan.policy.requestTimeoutMs,
      },
      this,
    );
  }

  protected answered(): void {
    this.finish(false, isGatewayFailure(this.status));
  }

  onError(error: Error & { code?: string }): void {
    if (this.finished) return;
    if (this.clientGone) {
      if (!this.responded) this.status = 499;
      this.finish(true, false);
    } else if (this.responded) {
      // Half an answer is out: the only honest end is a broken connection.
      if (!this.complete) this.res.destroy();
      this.finish(true, !this.complete);
    } else if (error instanceof BodyTooLarge) this.refuseRunning(answers.BODY_TOO_LARGE, "body_too_large");
    else if (error.code === "UND_ERR_INVALID_ARG" || error.code === "UND_ERR_NOT_SUPPORTED")
      this.refuseRunning(answers.BAD_REQUEST, "bad_request");
    else this.unanswered(error);
  }

  /** The replica gave no answer: on another one, or later, or the client hears of it. */
  private unanswered(error: Error & { code?: string }): void {
    const { service, plan, sent } = this;
    const failed = this.replica as Replica;
    const timedOut = error.code === "UND_ERR_HEADERS_TIMEOUT";
    const retry = mayRetry({
      method: this.req.method as string,
      hasBody: this.upload !== null,
      sent,
      timedOut,
      retriesLeft: plan.policy.retries - this.retries,
    });
    if (retry) {
      this.tried ??= [];
      this.tried.push(failed);
      const next = service.pick(plan, (this.decision as Decision).group, this.tried);
      if (next !== null || !sent) {
        this.leaveReplica(true);
        failed.judge("failure", plan.policy);
        if (next === null) {
          // Nothing was sent and nobody else is there: it waits for a replica, as long as any request may.
          this.tried = null;
          this.replica = null;
          this.hold();
          return;
        }
        this.retries += 1;
        service.retries += 1;
        this.send(next);
        return;
      }
    }
    this.status = timedOut ? 504 : 502;
    this.respond(timedOut ? answers.UPSTREAM_TIMEOUT : answers.UPSTREAM_FAILED);
    this.edge.report(failed, error, this.requestId);
    this.finish(true, true);
  }

  /** The edge's own answer before any replica was asked. */
  private refuse(answer: answers.Answer, reason: Reason): void {
    this.service.unserved[reason] += 1;
    this.status = answer.status;
    this.respond(answer);
    this.settle(false);
  }

  /** The request itself was wrong, which a replica had begun to hear of. */
  private refuseRunning(answer: answers.Answer, reason: Reason): void {
    this.leaveReplica(true);
    this.replica = null;
    this.refuse(answer, reason);
  }

  private respond(answer: answers.Answer): void {
    this.upload?.dropRest();
    if (this.edge.draining) this.res.shouldKeepAlive = false;
    this.bytes = answers.respond(this.req, this.res, answer, this.requestId);
  }

  private leaveReplica(broken: boolean): void {
    const { replica, connection } = this;
    if (replica === null || connection === null) return;
    this.connection = null;
    this.abort = null;
    replica.inFlight -= 1;
    replica.connections.release(connection, this.edge.now(), broken);
  }

  /** A replica was asked and this is how it went. */
  private finish(broken: boolean, failed: boolean): void {
    this.leaveReplica(broken);
    if (!this.clientGone) this.replica?.judge(failed ? "failure" : "success", this.plan.policy);
    this.settle(failed || this.status >= 500);
  }

  private settle(error: boolean): void {
    this.finished = true;
    const { edge, plan, replica, req, status } = this;
    if (this.upload !== null) {
      edge.uploads -= 1;
      this.upload.dropRest();
    }
    this.forgetStall();
    const now = edge.now();
    const took = now - this.startedAt;
    if (replica !== null) {
      replica.count(edge.secondOf(now), status, took, error, plan.definition.slowMs);
    }
    edge.log?.write(
      plan.definition.key,
      this.requestId,
      req.method as string,
      req.url as string,
      status,
      took,
      replica === null ? "" : replica.group,
      replica === null ? "" : replica.id,
      this.bytes,
      this.retries,
    );
  }
}

function onClose(this: Carrier): void {
  this[EXCHANGE]?.closed();
}

/** IPv4 without the prefix that a dual-stack socket gives it. */
export function plainAddress(address: string | undefined): string {
  if (address === undefined) return "unknown";
  return address.startsWith("::ffff:") ? address.slice(7) : address;
}
