import http from "node:http";
import https from "node:https";
import net, { type AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { WindlassError } from "../../../error.js";
import * as answers from "./answers.js";
import { type Certificate, loadCertificate, stampOf, type TlsFiles } from "./certificates.js";
import type { EdgeContext } from "./context.js";
import { Exchange } from "./exchange.js";
import { createListener, type ListenHandle } from "./handover.js";
import { notice } from "./notice.js";
import type { ListenerAddress } from "./protocol.js";
import type { Service } from "./service.js";
import { Upgrade } from "./upgrade.js";

/** After the last request, a connection that drains stays open this long for a client that is about to send. */
const IDLE_GRACE_MS = 5_000;

type HttpServer = http.Server | https.Server;

/**
 * One listening socket. A plain TCP server accepts and gives each connection to an HTTP or HTTPS server that never
 * listens itself: so the protocol can change with a table, and to stop accepting does not close idle connections.
 */
export class Listener {
  service: Service | null = null;
  certificate: Certificate | null = null;
  /** Why the certificate that is on disk now is not the one in use; null when it is. */
  certificateProblem: string | null = null;
  reloadFailures = 0;
  readonly #edge: EdgeContext;
  readonly #tcp: net.Server;
  #http: HttpServer;
  #tls: TlsFiles | null = null;
  #stamp = "";
  #draining = false;

  private constructor(
    edge: EdgeContext,
    readonly address: ListenerAddress,
  ) {
    this.#edge = edge;
    this.#http = this.#server(null);
    this.#tcp = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) =>
      this.#http.emit("connection", socket),
    );
    this.#tcp.maxConnections = edge.limits.connections;
  }

  /** Listens on a socket that was handed over, or on one of its own. Rejects with `host-port-taken` and the like. */
  static async open(edge: EdgeContext, address: ListenerAddress, handle: ListenHandle | null): Promise<Listener> {
    const listener = new Listener(edge, address);
    const listening = handle ?? ownHandle(address);
    await new Promise<void>((resolve, reject) => {
      listener.#tcp.once("error", reject);
      listener.#tcp.listen(listening, 511, () => {
        listener.#tcp.off("error", reject);
        resolve();
      });
    });
    return listener;
  }

  get port(): number | null {
    return (this.#tcp.address() as AddressInfo | null)?.port ?? null;
  }

  /** For another process; null when it does not listen any more. */
  get handle(): ListenHandle | null {
    return (this.#tcp as unknown as { _handle: ListenHandle | null })._handle;
  }

  connections(): Promise<number> {
    return new Promise((resolve) => this.#tcp.getConnections((_, count) => resolve(count ?? 0)));
  }

  /** Loads what `use` will need; the last good certificate of the same files is good enough. */
  async prepare(tls: TlsFiles | null): Promise<Certificate | null> {
    if (tls === null) return null;
    if (this.certificate !== null && sameFiles(this.#tls, tls)) return this.certificate;
    return loadCertificate(tls);
  }

  use(service: Service, tls: TlsFiles | null, certificate: Certificate | null): void {
    this.service = service;
    if (sameFiles(this.#tls, tls)) return;
    this.#tls = tls;
    this.#stamp = "";
    this.certificate = certificate;
    const before = this.#http;
    this.#http = this.#server(certificate);
    stopTimers(before);
    before.closeIdleConnections();
  }

  /** Takes a changed certificate; a bad one leaves the old in use. Called every second. */
  async reload(): Promise<void> {
    const files = this.#tls;
    if (files === null) return;
    const stamp = await stampOf(files);
    if (stamp === this.#stamp || files !== this.#tls) return;
    this.#stamp = stamp;
    try {
      this.certificate = await loadCertificate(files);
      (this.#http as https.Server).setSecureContext(this.certificate);
      this.certificateProblem = null;
    } catch (error) {
      this.reloadFailures += 1;
      this.certificateProblem = error instanceof Error ? error.message : String(error);
      notice("error", this.certificateProblem);
    }
  }

  /** Accepts nothing more. Resolves once the last connection has gone, at the latest after `withinMs`. */
  async drain(withinMs: number): Promise<void> {
    this.#draining = true;
    const closed = new Promise<void>((resolve) => this.#tcp.close(() => resolve()));
    const idle = setInterval(() => this.#http.closeIdleConnections(), IDLE_GRACE_MS);
    const deadline = setTimeout(() => this.#http.closeAllConnections(), withinMs);
    await closed;
    clearInterval(idle);
    clearTimeout(deadline);
    stopTimers(this.#http);
  }

  #server(certificate: Certificate | null): HttpServer {
    const { limits } = this.#edge;
    const options: http.ServerOptions = {
      maxHeaderSize: limits.headerBytes,
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      keepAliveTimeout: limits.keepAliveMs,
      connectionsCheckingInterval: 1_000,
      insecureHTTPParser: false,
      noDelay: true,
    };
    const server: HttpServer =
      certificate === null
        ? http.createServer(options)
        : https.createServer({ ...options, cert: certificate.cert, key: certificate.key, minVersion: "TLSv1.2" });
    const secure = certificate !== null;
    server.on("request", (req, res) => this.#begin(req, res, secure, false));
    server.on("checkContinue", (req, res) => this.#begin(req, res, secure, true));
    server.on("upgrade", (req, socket, head) => {
      if (req.headers.upgrade?.toLowerCase() !== "websocket") ignoreUpgrade(server, req, socket, head);
      else if (this.service === null) socket.end(answers.rawAnswer(answers.UNKNOWN_SERVICE));
      else new Upgrade(this.#edge, this.service, req, socket, head, secure).begin();
    });
    server.on("clientError", onClientError);
    server.on("tlsClientError", (_, socket) => socket.destroy());
    // It starts the checks of slow clients, which Node ties to listening.
    server.emit("listening");
    return server;
  }

  #begin(req: http.IncomingMessage, res: http.ServerResponse, secure: boolean, expectsContinue: boolean): void {
    // Written to after the client has left: the connection is over, and the exchange hears of it by `close`.
    res.on("error", onResponseError);
    if (this.#draining) res.shouldKeepAlive = false;
    if (this.service === null) {
      answers.respond(req, res, answers.UNKNOWN_SERVICE, "-");
      return;
    }
    try {
      new Exchange(this.#edge, this.service, req, res, secure).begin(expectsContinue);
    } catch (error) {
      // A mistake of ours costs one request, not the process that carries all of them.
      notice("error", error instanceof Error ? (error.stack ?? error.message) : String(error));
      if (res.headersSent) res.destroy();
      else answers.respond(req, res, answers.INTERNAL, "-");
    }
  }
}

/**
 * An offer to speak something else (Java's client offers h2c on every first request) is declined by answering as if it
 * had not been made (RFC 9110, 7.8). Node has taken the connection out of HTTP by now, so the request is put back in
 * front of it, without the offer, and read again.
 */
function ignoreUpgrade(server: HttpServer, req: http.IncomingMessage, socket: Duplex, head: Buffer): void {
  let text = `${req.method} ${req.url} HTTP/${req.httpVersion}\r\n`;
  const raw = req.rawHeaders;
  for (let at = 0; at < raw.length; at += 2) {
    const name = (raw[at] as string).toLowerCase();
    if (name === "upgrade" || name === "http2-settings") continue;
    const value = name === "connection" ? withoutOffer(raw[at + 1] as string) : (raw[at + 1] as string);
    if (name !== "connection" || value !== "") text += `${raw[at]}: ${value}\r\n`;
  }
  socket.unshift(Buffer.concat([Buffer.from(`${text}\r\n`, "latin1"), head]));
  server.emit("connection", socket);
}

const withoutOffer = (connection: string): string =>
  connection
    .split(",")
    .filter((token) => !/^\s*(upgrade|http2-settings)?\s*$/i.test(token))
    .join(",");

function onResponseError(this: http.ServerResponse): void {
  this.destroy();
}

function ownHandle(address: ListenerAddress): ListenHandle | ListenerAddress {
  try {
    return createListener(address).handle;
  } catch (error) {
    if (error instanceof WindlassError && error.code === "host-handover-unsupported") return address;
    throw error;
  }
}

function sameFiles(a: TlsFiles | null, b: TlsFiles | null): boolean {
  return a?.certificate === b?.certificate && a?.key === b?.key;
}

/** `close` of a server that never listened would say so with an error; only its timers are to be ended. */
function stopTimers(server: HttpServer): void {
  server.close(() => undefined);
}

/** A malformed, oversized or slow request. What is already being answered is cut, never answered twice. */
function onClientError(error: Error & { code?: string }, socket: Duplex): void {
  const busy = (socket as Duplex & { _httpMessage?: unknown })._httpMessage;
  if (!socket.writable || (busy !== undefined && busy !== null)) {
    socket.destroy();
    return;
  }
  const answer =
    error.code === "HPE_HEADER_OVERFLOW"
      ? answers.HEADERS_TOO_LARGE
      : error.code === "ERR_HTTP_REQUEST_TIMEOUT"
        ? answers.TOO_SLOW
        : answers.BAD_REQUEST;
  socket.end(answers.rawAnswer(answer), () => socket.destroy());
}
