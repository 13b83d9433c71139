import { createHash } from "node:crypto";
import net from "node:net";
import { WindlassError } from "../../../error.js";

const FIRST = 20_000;
const COUNT = 10_000;
export const LOOPBACK = "127.0.0.1";

/** Hands out ports of replicas, each to one; two installations begin at different places of the range. */
export class PortPool {
  private readonly taken = new Set<number>();
  private next: number;

  constructor(seed: string) {
    this.next = createHash("sha256").update(seed).digest().readUInt32BE(0) % COUNT;
  }

  /** Keeps `wished` when nobody else has it by now. */
  async take(wished: number | null): Promise<number> {
    if (wished !== null) {
      this.taken.delete(wished);
      if (await canBind(wished)) return this.keep(wished);
    }
    for (let tries = 0; tries < COUNT; tries++) {
      const port = FIRST + this.next;
      this.next = (this.next + 1) % COUNT;
      if (!this.taken.has(port) && (await canBind(port))) return this.keep(port);
    }
    throw new WindlassError("host-no-free-port", `no port from ${FIRST} to ${FIRST + COUNT - 1} is free`);
  }

  keep(port: number): number {
    this.taken.add(port);
    return port;
  }

  release(port: number | null): void {
    if (port !== null) this.taken.delete(port);
  }
}

export function canBind(port: number, host: string = LOOPBACK): Promise<boolean> {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once("error", () => resolve(false));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
