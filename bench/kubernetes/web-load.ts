import { type Load, startLoad } from "../../src/load/load.js";
import type { RequestTemplate } from "../../src/load/template.js";

/** The route's host name; a WebSocket's cannot be told apart from its address. */
export const WEB_HOST = "localhost";

/** The mix of the other cutovers, through a gateway. Nothing is accepted but the right status. */
export function startWebLoad(gatewayUrl: string, ratePerSecond: number, sockets: boolean): Load {
  const baseUrl = gatewayUrl.replace("127.0.0.1", WEB_HOST);
  const http: RequestTemplate[] = [
    { name: "read", weight: 785, path: "/", accepts: ({ status }) => status === 200 },
    {
      name: "write",
      weight: 200,
      method: "POST",
      path: "/orders",
      body: (n: number) => ({ number: n, text: "x".repeat(200) }),
      accepts: ({ status }) => status === 201,
    },
  ];
  const lasting: RequestTemplate[] = [
    { name: "slow", weight: 10, path: "/slow", accepts: ({ status }) => status === 200 },
    {
      kind: "websocket",
      name: "socket",
      weight: 5,
      path: "/echo",
      holdMs: 3_000,
      message: "still there?",
      everyMs: 250,
    },
  ];
  return startLoad({
    baseUrl,
    ratePerSecond,
    connections: 128,
    mix: sockets ? [...http, ...lasting] : http,
    releaseOf: ({ "x-release": release }) => (typeof release === "string" ? release : null),
    byDesign: ({ status, headers: said }) => status === 500 && String(said["x-release"]).startsWith("bad-"),
  });
}
