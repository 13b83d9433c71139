import http from "node:http";
import net from "node:net";
import type { Replica } from "./replica.js";

const WITHIN_MS = 1_000;

/** Asks a replica that is out whether it works again. Calls back exactly once. */
export function probe(replica: Replica, answered: (works: boolean) => void): void {
  const { host, port, probePath } = replica;
  let done = false;
  const say = (works: boolean) => {
    if (done) return;
    done = true;
    answered(works);
  };
  if (probePath === null) {
    const socket = net.connect({ host, port });
    socket.setTimeout(WITHIN_MS, () => socket.destroy());
    socket.on("connect", () => {
      say(true);
      socket.destroy();
    });
    socket.on("error", () => say(false));
    socket.on("close", () => say(false));
    return;
  }
  const request = http.get({ host, port, path: probePath, agent: false, headers: { "user-agent": "windlass-edge" } });
  request.setTimeout(WITHIN_MS, () => request.destroy());
  request.on("response", (response) => {
    say(response.statusCode !== undefined && response.statusCode >= 200 && response.statusCode < 400);
    response.resume();
    response.on("error", () => say(false));
  });
  request.on("error", () => say(false));
  request.on("close", () => say(false));
}
