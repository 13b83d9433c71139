import net from "node:net";
import { WindlassError } from "../../../error.js";
import type { ListenerAddress, ListenMessage } from "./protocol.js";

/**
 * Listening sockets that outlive a process: the daemon and the edge give each other raw TCP handles over the Node
 * IPC channel between them. Both hold the same kernel socket, so while the edge is being restarted the kernel
 * queues connections instead of refusing them.
 *
 * `net._createServerHandle` is what node:cluster itself uses (Node 20 and 24). It binds without listening, so its
 * holder never accepts; the first `server.listen(handle)` of an edge makes the kernel socket listen, for everyone.
 */
export interface ListenHandle {
  readonly fd: number;
  close(): void;
  getsockname(out: { address?: string; port?: number; family?: string }): number;
}

type CreateServerHandle = (
  address: string,
  port: number,
  type: 4 | 6,
  fd: undefined,
  flags: number,
) => ListenHandle | number;

/** Said by each side first, so that both know whom they talk to. */
export interface HelloMessage {
  readonly kind: "hello";
  readonly role: "daemon" | "edge";
  readonly pid: number;
  readonly protocol: number;
}

/** The other side holds the socket now. */
export interface ListenerReceivedMessage {
  readonly kind: "listener-received";
  readonly address: ListenerAddress;
}

/** The daemon ends on purpose (`windlass down`, an upgrade): the edge must not start another one. */
export interface LeavingMessage {
  readonly kind: "leaving";
}

export type HandoverMessage = HelloMessage | ListenMessage | ListenerReceivedMessage | LeavingMessage;

/** A ChildProcess or `process`: whatever has an IPC channel. */
export interface Channel {
  readonly connected: boolean;
  send?(message: object, handle?: unknown, callback?: (error: Error | null) => void): boolean;
  on(event: "message", listener: (message: unknown, handle?: unknown) => void): unknown;
  off(event: "message", listener: (message: unknown, handle?: unknown) => void): unknown;
}

const RECEIVED_WITHIN_MS = 5_000;

export const addressKey = (address: ListenerAddress): string => `${address.host}|${address.port}`;

/**
 * Binds (without listening) and says where: port 0 becomes the port the kernel picked.
 * Throws `host-port-taken`, `host-port-forbidden` or `host-cannot-bind`.
 */
export function createListener(wanted: ListenerAddress): { handle: ListenHandle; address: ListenerAddress } {
  const create = (net as unknown as { _createServerHandle?: CreateServerHandle })._createServerHandle;
  if (create === undefined)
    throw new WindlassError("host-handover-unsupported", "this Node.js has no net._createServerHandle", {
      hint: "Let the edge bind the address itself; connections are then refused while it restarts.",
    });
  const handle = create(wanted.host, wanted.port, net.isIPv6(wanted.host) ? 6 : 4, undefined, 0);
  if (typeof handle === "number") throw cannotBind(wanted, handle);
  const name: { port?: number } = {};
  const failed = handle.getsockname(name);
  if (failed !== 0 || name.port === undefined) {
    handle.close();
    throw cannotBind(wanted, failed);
  }
  return { handle, address: { host: wanted.host, port: name.port } };
}

function cannotBind(address: ListenerAddress, errno: number): WindlassError {
  // libuv's numbers: negated errno, which differs between Linux and macOS for EADDRINUSE.
  if (errno === -98 || errno === -48)
    return new WindlassError("host-port-taken", `port ${address.port} on ${address.host} is taken by another process`, {
      hint: `Choose another port in listen, or end what uses it: lsof -i :${address.port}`,
    });
  if (errno === -13)
    return new WindlassError("host-port-forbidden", `this user may not listen on port ${address.port}`, {
      hint: "Choose a port above 1023, or allow it: sysctl net.ipv4.ip_unprivileged_port_start",
    });
  return new WindlassError("host-cannot-bind", `cannot listen on ${address.host}:${address.port} (errno ${-errno})`, {
    hint: "listen.host must be an IP address of this machine.",
  });
}

/** Resolves once the other side has said that it holds the socket; rejects with `edge-handover-failed`. */
export function sendListener(channel: Channel, address: ListenerAddress, handle: ListenHandle): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (error: WindlassError | null) => {
      clearTimeout(timer);
      channel.off("message", onMessage);
      if (error === null) resolve();
      else reject(error);
    };
    const failed = (why: string, cause?: unknown) =>
      new WindlassError(
        "edge-handover-failed",
        `the listening socket of ${addressKey(address)} was not handed over: ${why}`,
        {
          retry: "safe",
          ...(cause === undefined ? {} : { cause }),
        },
      );
    const onMessage = (message: unknown) => {
      if (
        isHandoverMessage(message) &&
        message.kind === "listener-received" &&
        addressKey(message.address) === addressKey(address)
      )
        end(null);
    };
    const timer = setTimeout(() => end(failed(`no answer within ${RECEIVED_WITHIN_MS} ms`)), RECEIVED_WITHIN_MS);
    channel.on("message", onMessage);
    if (!channel.connected || channel.send === undefined) return end(failed("the channel is closed"));
    const message: ListenMessage = { kind: "listener", address };
    channel.send(message, handle, (error) => {
      if (error !== null) end(failed(error.message, error));
    });
  });
}

/** Calls back with each listening socket that arrives and tells the other side; returns the way to stop. */
export function onListener(
  channel: Channel,
  received: (address: ListenerAddress, handle: ListenHandle) => void,
): () => void {
  const onMessage = (message: unknown, handle?: unknown) => {
    if (!isHandoverMessage(message) || message.kind !== "listener" || !isListenHandle(handle)) return;
    received(message.address, handle);
    say(channel, { kind: "listener-received", address: message.address });
  };
  channel.on("message", onMessage);
  return () => channel.off("message", onMessage);
}

/** Sends a message without a handle; a channel that is closed by now is the reader's `disconnect` to deal with. */
export function say(channel: Channel, message: HandoverMessage): void {
  if (channel.connected) channel.send?.(message, undefined, () => undefined);
}

export function isHandoverMessage(message: unknown): message is HandoverMessage {
  return typeof message === "object" && message !== null && "kind" in message && typeof message.kind === "string";
}

function isListenHandle(handle: unknown): handle is ListenHandle {
  return typeof handle === "object" && handle !== null && "getsockname" in handle && "close" in handle;
}
