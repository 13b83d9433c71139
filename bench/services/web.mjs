// The service under the benchmarks: quick answers, slow ones, WebSockets that echo, and a polite end.
// FAIL=1: every answer is 500. ARRIVALS=<file>: a line per request, with the wall times of its arrival and its answer.
import { openSync, writeSync } from "node:fs";
import http from "node:http";
import { WebSocketServer } from "ws";

const { PORT, HOST, WINDLASS_RELEASE = "none", FAIL = "0", ARRIVALS = "" } = process.env;
const SLOW_MS = 2_000;
const arrivals = ARRIVALS === "" ? null : openSync(ARRIVALS, "a", 0o600);
let leaving = false;

const server = http.createServer((request, response) => {
  if (request.url === "/ready") return void response.writeHead(leaving ? 503 : 200).end();
  const arrivedAt = Date.now();
  request.resume();
  request.on("end", () => setTimeout(answer, request.url === "/slow" ? SLOW_MS : 0));
  const answer = () => {
    response.writeHead(FAIL === "1" ? 500 : request.method === "POST" ? 201 : 200, {
      "content-type": "application/json",
      "x-release": WINDLASS_RELEASE,
    });
    response.end(`{"release":"${WINDLASS_RELEASE}"}`);
    if (arrivals !== null) writeSync(arrivals, `${arrivedAt} ${Date.now()}\n`);
  };
});

const sockets = new WebSocketServer({ server });
sockets.on("connection", (socket) => {
  socket.on("message", (data, binary) => socket.send(data, { binary }));
  socket.on("error", () => socket.terminate());
});

// Longer than a proxy in front keeps an idle connection (Traefik: 90 s). Node's 5 s would now and then end one on which a
// request is just being sent, and one with a body is sent again by nobody.
server.keepAliveTimeout = 120_000;
server.listen(Number(PORT), HOST);
process.on("SIGTERM", () => {
  leaving = true;
  for (const socket of sockets.clients) socket.close(1001);
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
