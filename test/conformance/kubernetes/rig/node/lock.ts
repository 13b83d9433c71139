import { createServer, type Server } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** One at a time on a machine: kube-proxy's rules have fixed names. A port is let go however its holder ends. */
const PORT = 47_911;
const WAIT_MS = 600_000;

/** Waits for the machine's only real node; gives what lets it go. */
export async function holdMachine(): Promise<() => Promise<void>> {
  const until = performance.now() + WAIT_MS;
  for (;;) {
    const server = createServer((socket) => socket.destroy());
    const held = await new Promise<boolean>((resolve, reject) => {
      server.once("error", (error: NodeJS.ErrnoException) =>
        error.code === "EADDRINUSE" ? resolve(false) : reject(error),
      );
      server.listen(PORT, "127.0.0.1", () => resolve(true));
    });
    if (held) return () => close(server);
    if (performance.now() > until)
      throw new Error(`another real node has held port ${PORT} for ${WAIT_MS / 60_000} minutes`);
    await sleep(500);
  }
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}
