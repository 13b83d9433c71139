import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { request } from "undici";
import { freePort } from "../../../../src/load/free-port.js";
import { requireBuilt } from "./build.js";
import type { ControlPlane } from "./control-plane.js";
import { filesPath } from "./modules.js";
import { RigProgram } from "./program.js";
import { podStages } from "./stages.js";

/** KWOK looks after nodes with this label and no others. */
export const KWOK_LABEL = "windlass.test/kwok";
/** What every container of a fake node said, for `kubectl logs`. */
export const KWOK_LOG = ["listening on :3000", "Error: cannot read the configuration", "    at start (server.js:12:9)"];

export interface KwokOptions {
  readonly nodes: number;
  /** Nodes are spread over `zone-a`, `zone-b`, ... in turn. */
  readonly zones: number;
  /** Pods that fit on a node; 1000 unless given. */
  readonly podsPerNode?: number;
}

/** Starts KWOK, makes the nodes, and waits until they are ready. Nodes are called `node-0`, `node-1`, ... */
export async function startKwok(plane: ControlPlane, options: KwokOptions, started: RigProgram[]): Promise<RigProgram> {
  const keep = async (name: string, text: string): Promise<string> => {
    const file = path.join(plane.folder, name);
    await writeFile(file, text, { mode: 0o600 });
    return file;
  };
  const logs = await keep(
    "container.log",
    KWOK_LOG.map((line) => `2026-01-01T00:00:00.000000000Z stdout F ${line}\n`).join(""),
  );
  const ofNodes = await Promise.all(
    [
      "fast/node-initialize.yaml",
      "heartbeat-with-lease/node-heartbeat-with-lease.yaml",
      "chaos/node-not-ready.yaml",
    ].map((name) => readFile(path.join(filesPath("stages"), name), "utf8")),
  );
  const documents = [
    ...ofNodes,
    ...podStages().map((stage) => JSON.stringify(stage)),
    JSON.stringify({
      apiVersion: "kwok.x-k8s.io/v1alpha1",
      kind: "ClusterLogs",
      metadata: { name: "every-container" },
      spec: { logs: [{ logsFile: logs, previousLogsFile: logs }] },
    }),
  ];
  const port = await freePort();
  const pair = plane.authority.issue({ commonName: "kwok", hosts: ["127.0.0.1", "localhost"] });
  const program = new RigProgram(
    "kwok",
    requireBuilt("kwok"),
    [
      `--kubeconfig=${await plane.kubeconfig("kwok", { commonName: "kwok", organisations: ["system:masters"] })}`,
      `--config=${await keep("kwok.yaml", documents.join("\n---\n"))}`,
      `--manage-nodes-with-label-selector=${KWOK_LABEL}=yes`,
      "--cidr=10.128.0.0/9",
      "--node-ip=127.0.0.1",
      `--node-port=${port}`,
      `--server-address=127.0.0.1:${port}`,
      `--tls-cert-file=${await keep("kwok.crt", pair.certificate)}`,
      `--tls-private-key-file=${await keep("kwok.key", pair.key)}`,
      "--node-lease-duration-seconds=8",
    ],
    plane.folder,
    async () => (await request(`http://127.0.0.1:${port}/healthz`)).statusCode === 200,
  );
  started.push(program);
  await program.start();
  for (let index = 0; index < options.nodes; index += 1) await plane.api.create("/api/v1/nodes", node(index, options));
  return program;
}

function node(index: number, options: KwokOptions): unknown {
  const name = `node-${index}`;
  const room = { cpu: "64", memory: "256Gi", "ephemeral-storage": "1Ti", pods: String(options.podsPerNode ?? 1000) };
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name,
      labels: {
        [KWOK_LABEL]: "yes",
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        "topology.kubernetes.io/region": "test",
        "topology.kubernetes.io/zone": `zone-${"abcdefghij"[index % options.zones]}`,
      },
    },
    status: { capacity: room, allocatable: room },
  };
}
