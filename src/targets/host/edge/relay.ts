import type { IncomingMessage, ServerResponse } from "node:http";
import type { EdgeContext } from "./context.js";
import { responseHeaders } from "./headers.js";
import type { Decision } from "./routing.js";
import type { Plan } from "./service.js";
import { setCookieOf } from "./sticky.js";

/** A client that takes nothing for this long is cut (a slow reader holds a replica's connection). */
const STALLED_MS = 60_000;

/** A replica's answer on its way to the client: the response half of an exchange. */
export abstract class Relay {
  protected plan: Plan;
  protected decision: Decision | null = null;
  protected readonly requestId: string;
  protected abort: ((error?: Error) => void) | null = null;
  /** The request line has left for the replica. */
  protected sent = false;
  protected clientGone = false;
  protected finished = false;
  /** The answer's head is with the client. */
  protected responded = false;
  protected status = 0;
  protected bytes = 0;
  /** Body bytes that are still announced; -1: unknown. */
  private remaining = -1;
  private resumeUpstream: (() => void) | null = null;
  private listensForDrain = false;
  private stalledAt = 0;

  constructor(
    protected readonly edge: EdgeContext,
    protected readonly req: IncomingMessage,
    protected readonly res: ServerResponse,
    protected readonly secure: boolean,
    plan: Plan,
    requestId: string,
  ) {
    this.plan = plan;
    this.requestId = requestId;
  }

  /** The answer is with the client. */
  protected abstract answered(): void;

  onConnect(abort: (error?: Error) => void): void {
    if (this.clientGone) {
      abort();
      return;
    }
    this.abort = abort;
    this.sent = true;
  }

  onHeaders(status: number, raw: Buffer[], resume: () => void, statusText: string): boolean {
    if (status < 200) return true;
    const { res, edge } = this;
    const { headers, length } = responseHeaders(raw, this.requestId);
    const point = this.decision?.point ?? null;
    const { sticky } = this.plan.routing;
    if (point !== null && sticky !== null) headers.push("set-cookie", setCookieOf(sticky, point, this.secure));
    if (edge.draining) res.shouldKeepAlive = false;
    this.status = status;
    this.remaining = length;
    this.resumeUpstream = resume;
    res.writeHead(status, statusText, headers);
    this.responded = true;
    edge.flushSoon(this);
    return true;
  }

  onData(chunk: Buffer): boolean {
    const { res } = this;
    this.bytes += chunk.length;
    if (this.remaining !== -1) {
      this.remaining -= chunk.length;
      if (this.remaining === 0) {
        // The last piece and the end leave in one write.
        res.end(chunk);
        return true;
      }
    }
    if (res.write(chunk)) return true;
    if (!this.listensForDrain) {
      this.listensForDrain = true;
      res.on("drain", () => this.drained());
    }
    this.stalledAt = this.edge.now();
    this.edge.stalled.add(this);
    return false;
  }

  onComplete(trailers: string[] | null): void {
    const { res } = this;
    if (!res.writableEnded) {
      if (trailers !== null && trailers.length > 0 && res.chunkedEncoding) res.addTrailers(pairs(trailers));
      res.end();
    }
    this.answered();
  }

  /** What has a head but no body yet must not wait for one: the head of an event stream. */
  flushHeaders(): void {
    if (this.bytes === 0 && !this.finished && !this.res.writableEnded) this.res.flushHeaders();
  }

  cutIfStalled(now: number): void {
    if (now - this.stalledAt > STALLED_MS) this.res.destroy();
  }

  protected get complete(): boolean {
    return this.remaining === 0 && this.res.writableEnded;
  }

  protected forgetStall(): void {
    if (this.stalledAt !== 0) this.edge.stalled.delete(this);
  }

  private drained(): void {
    this.edge.stalled.delete(this);
    this.resumeUpstream?.();
  }
}

function pairs(flat: readonly string[]): [string, string][] {
  const entries: [string, string][] = [];
  for (let at = 0; at + 1 < flat.length; at += 2) entries.push([String(flat[at]), String(flat[at + 1])]);
  return entries;
}
