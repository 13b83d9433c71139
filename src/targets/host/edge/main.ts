import fs from "node:fs";
import { parseArgs } from "node:util";
import { z } from "zod";
import { Control } from "./control.js";
import { DaemonKeeper } from "./daemon-keeper.js";
import { Edge } from "./edge.js";

/**
 * The edge process: `node main.js --socket <path> [--access-log <path>] [--access-log-bytes <n>]
 * [--max-connections <n>] [--daemon-argv <json list>]`. It runs with or without a parent; SIGTERM and SIGINT drain it.
 */
const { values } = parseArgs({
  options: {
    socket: { type: "string" },
    "access-log": { type: "string" },
    "access-log-bytes": { type: "string", default: String(64 * 1024 * 1024) },
    "max-connections": { type: "string" },
    "daemon-argv": { type: "string" },
  },
});
if (values.socket === undefined) {
  process.stderr.write("usage: main.js --socket <path> [--access-log <path>] [--daemon-argv <json list>]\n");
  process.exit(2);
}

const version = z
  .object({ version: z.string() })
  .parse(JSON.parse(fs.readFileSync(new URL("../../../../package.json", import.meta.url), "utf8"))).version;
const accessLog = values["access-log"];
const connections = values["max-connections"];
const daemonArgv = values["daemon-argv"];

const edge = new Edge({
  version,
  accessLog: accessLog === undefined ? null : { path: accessLog, maxBytes: Number(values["access-log-bytes"]) },
  ...(connections === undefined ? {} : { limits: { connections: Number(connections) } }),
});
const keeper = new DaemonKeeper(
  edge,
  daemonArgv === undefined ? null : z.array(z.string()).parse(JSON.parse(daemonArgv)),
);

let ending = false;
const drain = (): void => {
  if (ending) return;
  ending = true;
  keeper.close();
  void edge.drain().then(() => {
    control.close();
    process.exit(0);
  });
};

const control = await Control.listen(edge, {
  socket: values.socket,
  startDaemon: (argv) => keeper.start(argv),
  drain,
});
process.on("SIGTERM", drain);
process.on("SIGINT", drain);
// A daemon that dies takes its end of stdout with it, when that was a pipe: writing there must not end the edge.
process.stdout.on("error", () => undefined);
process.stderr.on("error", () => undefined);
keeper.begin();
