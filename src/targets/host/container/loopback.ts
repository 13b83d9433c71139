import net from "node:net";
import { WindlassError } from "../../../error.js";
import { MACHINE_FROM_CONTAINER } from "../../../spec/defaults.js";

const WITHIN_MS = 2_000;
const LOOPBACK = new Set(["127.0.0.1", "localhost", "[::1]", "0.0.0.0"]);

export type CanConnect = (host: string, port: number) => Promise<boolean>;

/**
 * The URL of a resource as a container can use it. One on this machine's loopback is, inside, the container itself: it
 * becomes the network's address of this machine, where the resource listens there. Rejects with `host-container-loopback`.
 */
export async function fromInside(
  variable: string,
  url: string,
  gateways: readonly string[],
  canConnect: CanConnect = connects,
  isLinux = process.platform === "linux",
): Promise<string> {
  if (!URL.canParse(url)) return url;
  const parsed = new URL(url);
  if (!LOOPBACK.has(parsed.hostname)) return url;
  if (!isLinux) {
    // The Engine is in a virtual machine, and leads this name to the loopback of the machine around it.
    parsed.hostname = MACHINE_FROM_CONTAINER;
    return parsed.href;
  }
  const port = Number(parsed.port || DEFAULT_PORTS[parsed.protocol] || 0);
  for (const gateway of gateways)
    if (port !== 0 && (await canConnect(gateway, port))) {
      parsed.hostname = gateway;
      return parsed.href;
    }
  throw new WindlassError(
    "host-container-loopback",
    `the resource of ${variable} listens on this machine's 127.0.0.1 alone (port ${port}), which a container cannot reach`,
    {
      hint: `Let it listen on ${gateways[0] ?? "the Engine's bridge"}, too (one that Windlass runs does so when it is started beside containers: windlass down, and deploy again), name another address in the spec, or run the service as a process.`,
    },
  );
}

const DEFAULT_PORTS: Readonly<Record<string, string>> = {
  "postgres:": "5432",
  "postgresql:": "5432",
  "redis:": "6379",
};

function connects(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host, port });
    const done = (ok: boolean): void => {
      socket.destroy();
      resolve(ok);
    };
    socket.setTimeout(WITHIN_MS, () => done(false));
    socket.once("connect", () => done(true));
    socket.once("error", () => done(false));
  });
}
