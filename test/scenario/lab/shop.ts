import type { Load } from "../../../src/load/load.js";
import { startLoad } from "../../../src/load/load.js";
import type { Installation } from "./installation.js";

/** What a release of the shop does; it is a file of the release, so the code that runs really differs. */
export interface Behaviour {
  readonly release: string;
  /** Every n-th request is answered with 500. */
  readonly failEvery?: number;
  /** Ends at once with this code, after some last words. */
  readonly exits?: number;
  readonly neverReady?: boolean;
  /** Never seen by a client: read by its smoke check. */
  readonly smokeFails?: boolean;
}

const SERVER = `import { readFileSync } from "node:fs";
import http from "node:http";

const { release, failEvery = 0, exits = null, neverReady = false, smokeFails = false } = JSON.parse(readFileSync("behaviour.json", "utf8"));
console.log(\`release \${release} of the shop\`);
if (exits !== null) {
  console.error("TypeError: the price list is not a function");
  process.exit(exits);
}
let asked = 0;
const server = http.createServer((request, response) => {
  response.setHeader("x-release", release);
  const { pathname } = new URL(request.url, "http://shop");
  if (pathname === "/ready") return void response.writeHead(neverReady ? 503 : 200).end(neverReady ? "the cache is cold" : "");
  if (pathname === "/smoke") return void response.writeHead(smokeFails ? 500 : 200).end();
  if (pathname === "/environment") return void response.end(JSON.stringify(process.env));
  request.resume().on("end", () => {
    asked++;
    response.writeHead(failEvery > 0 && asked % failEvery === 0 ? 500 : 200);
    response.end(JSON.stringify({ release, pid: process.pid }));
  });
});
server.listen(Number(process.env.PORT), process.env.HOST);
process.on("SIGTERM", () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
`;

/** With ALONE, it says so when another one is there already. */
const WORKER = `import { appendFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
const { ALONE } = process.env;
if (ALONE) {
  try {
    writeFileSync(ALONE, String(process.pid), { flag: "wx" });
  } catch {
    appendFileSync(ALONE + ".two", process.pid + " met " + readFileSync(ALONE, "utf8"));
  }
}
process.on("SIGTERM", () => {
  if (ALONE) rmSync(ALONE, { force: true });
  process.exit(0);
});
console.log(\`works \${process.pid}\`);
setInterval(() => {}, 1000);
`;

export const PROBES = { readiness: { http: "/ready", period: "250ms", failures: 8 } } as const;
export const QUICK_CANARY = {
  kind: "canary",
  stages: [
    { share: 20, time: { min: "1s", max: "1m" } },
    { share: 50, time: { min: "1s", max: "1m" } },
  ],
  keepOld: "1s",
} as const;
/** Where nobody is a customer: without data its stages end by themselves. */
export const UNWATCHED_CANARY = {
  ...QUICK_CANARY,
  stages: QUICK_CANARY.stages.map(({ share }) => ({ share, time: { min: "500ms", max: "1s" } })),
} as const;
export const QUICK_ROLLING = { kind: "rolling", maxSurge: 1, maxUnavailable: 0, observe: "1s" } as const;
/** Little data is no reason to wait in these stories; harm shows within a second of it. */
export const HARM = [
  { signal: "errors", above: "5%", for: "1s", minSamples: 3 },
  { signal: "restarts", above: 2, for: "1m" },
] as const;

/** For stories without customers: no answers are no verdict, and a rollout without one waits for another minute. */
export const CALM = [{ signal: "restarts", above: 2, for: "1m" }] as const;

/** A service of the shop, with what a story changes. */
export function web(changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    command: ["node", "server.mjs"],
    port: 0,
    replicas: 2,
    probes: PROBES,
    strategy: QUICK_ROLLING,
    guards: HARM,
    // Stages of a second prove nothing: a comparison would only wait. Stories about one say `analysis: {}`.
    analysis: false,
    onTooLittleData: "continue",
    stopGrace: "3s",
    edge: { drain: "3s" },
    ...changes,
  };
}

export function worker(changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return { command: ["node", "worker.mjs"], replicas: 2, strategy: QUICK_ROLLING, stopGrace: "3s", ...changes };
}

/** Writes the shop's files: its code, what this release does, and its spec. JSON is YAML. */
export function writeShop(
  installation: Installation,
  behaviour: Behaviour,
  services: Readonly<Record<string, unknown>> = { web: web() },
  more: Readonly<Record<string, unknown>> = {},
): void {
  installation.write("server.mjs", SERVER);
  installation.write("worker.mjs", WORKER);
  installation.write("behaviour.json", behaviour);
  const environments = { lab: { protected: false } };
  installation.write("windlass.system.yaml", { name: "shop", services, environments, ...more });
}

/** Customers of the shop: 50 requests a second, a fifth of them POST; a 500 of `harmful` is that release's own. */
export function customers(url: string, harmful: string | null = null): Load {
  return startLoad({
    baseUrl: url,
    ratePerSecond: 50,
    mix: [
      { name: "look", weight: 4, path: "/" },
      { name: "buy", weight: 1, method: "POST", path: "/orders", body: (n: number) => ({ n }) },
    ],
    releaseOf: (headers) => (typeof headers["x-release"] === "string" ? headers["x-release"] : null),
    byDesign: ({ status, headers }) => status === 500 && harmful !== null && headers["x-release"] === harmful,
  });
}
