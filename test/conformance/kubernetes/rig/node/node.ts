import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { request } from "undici";
import { freePort } from "../../../../../src/load/free-port.js";
import { requireBuilt } from "../build.js";
import type { ControlPlane } from "../control-plane.js";
import { RigProgram } from "../program.js";
import { makeCgroup, removeCgroup } from "./cgroups.js";
import { type Containerd, startContainerd } from "./containerd.js";
import { startDns } from "./dns.js";
import { hasFirewall, removeFirewall } from "./firewall.js";
import { removeLogLinks, sweep, unmountBelow } from "./leftovers.js";
import { holdMachine } from "./lock.js";
import { BRIDGE_ADDRESS, nodeAddress, POD_CIDR, preparePodNetwork } from "./network.js";

const run = promisify(execFile);
export const NODE = "machine";

/** This machine as a node: containerd, a kubelet and kube-proxy, for pods that really run. */
export interface RealNode {
  readonly containerd: Containerd;
  readonly kubelet: RigProgram;
  readonly proxy: RigProgram;
}

/**
 * Starts the node. What takes it back is pushed to `takeBack`, to be run last to first once the programs in `started`
 * have ended; the machine is then as it was.
 */
export async function startNode(
  plane: ControlPlane,
  started: RigProgram[],
  takeBack: (() => Promise<void>)[],
): Promise<RealNode> {
  takeBack.push(await holdMachine());
  const { folder } = plane;
  await sweep(folder);
  const cgroup = path.basename(folder);
  await makeCgroup(cgroup);
  takeBack.push(() => removeCgroup(cgroup));
  takeBack.push(() => unmountBelow(folder));
  takeBack.push(() => removeLogLinks(folder));
  const network = await preparePodNetwork(folder);
  takeBack.push(network.takeBack);
  takeBack.push(await startDns(plane.api));
  const containerd = await startContainerd(folder, network.confDir, started);
  const address = nodeAddress();
  const kubelet = await startKubelet(plane, containerd, cgroup, address, started);
  const proxy = await startProxy(plane, takeBack, started);
  return { containerd, kubelet, proxy };
}

async function startKubelet(
  plane: ControlPlane,
  containerd: Containerd,
  cgroup: string,
  address: string,
  started: RigProgram[],
): Promise<RigProgram> {
  const home = path.join(plane.folder, "kubelet");
  await mkdir(path.join(home, "plugins"), { recursive: true });
  const keep = async (name: string, text: string): Promise<string> => {
    await writeFile(path.join(home, name), text, { mode: 0o600 });
    return path.join(home, name);
  };
  const [port, healthPort] = await Promise.all([freePort(), freePort()]);
  const pair = plane.authority.issue({
    commonName: `system:node:${NODE}`,
    organisations: ["system:nodes"],
    hosts: [NODE, address],
  });
  const config = {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    address,
    port,
    healthzPort: healthPort,
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: false },
      x509: { clientCAFile: await keep("ca.crt", plane.authority.certificate) },
    },
    authorization: { mode: "AlwaysAllow" },
    tlsCertFile: await keep("server.crt", pair.certificate),
    tlsPrivateKeyFile: await keep("server.key", pair.key),
    containerRuntimeEndpoint: `unix://${containerd.socket}`,
    podLogsDir: path.join(home, "pod-logs"),
    volumePluginDir: path.join(home, "plugins"),
    failCgroupV1: false,
    cgroupDriver: "cgroupfs",
    cgroupRoot: `/${cgroup}`,
    failSwapOn: false,
    // A full disk of this machine is nobody's business here.
    evictionHard: {
      "memory.available": "0%",
      "nodefs.available": "0%",
      "imagefs.available": "0%",
      "nodefs.inodesFree": "0%",
    },
    imageGCHighThresholdPercent: 100,
    enforceNodeAllocatable: ["pods"],
    clusterDomain: "cluster.local",
    clusterDNS: [BRIDGE_ADDRESS],
    resolvConf: await keep("resolv.conf", `nameserver ${BRIDGE_ADDRESS}\n`),
    // Rules of its own that nothing here needs.
    makeIPTablesUtilChains: false,
    syncFrequency: "5s",
    nodeStatusUpdateFrequency: "2s",
    nodeLeaseDurationSeconds: 8,
    crashLoopBackOff: { maxContainerRestartPeriod: "10s" },
    featureGates: { KubeletCrashLoopBackOffMax: true },
    registryPullQPS: 50,
    registryBurst: 100,
    kubeAPIQPS: 100,
    kubeAPIBurst: 200,
    eventRecordQPS: 100,
  };
  const identity = { commonName: `system:node:${NODE}`, organisations: ["system:nodes"] };
  const program = new RigProgram(
    "kubelet",
    requireBuilt("kubelet"),
    [
      `--config=${await keep("config.yaml", JSON.stringify(config))}`,
      `--kubeconfig=${await plane.kubeconfig("kubelet", identity)}`,
      `--root-dir=${home}`,
      `--cert-dir=${home}/pki`,
      `--hostname-override=${NODE}`,
      `--node-ip=${address}`,
      "--node-labels=topology.kubernetes.io/region=test,topology.kubernetes.io/zone=zone-a",
    ],
    plane.folder,
    async () => (await request(`http://127.0.0.1:${healthPort}/healthz`)).statusCode === 200,
  );
  started.push(program);
  await program.start();
  return program;
}

async function startProxy(
  plane: ControlPlane,
  takeBack: (() => Promise<void>)[],
  started: RigProgram[],
): Promise<RigProgram> {
  const [healthPort, metricsPort] = await Promise.all([freePort(), freePort()]);
  const file = path.join(plane.folder, "kube-proxy.yaml");
  const kubeconfig = await plane.kubeconfig("kube-proxy", { commonName: "system:kube-proxy" });
  const none = "0s";
  await writeFile(
    file,
    JSON.stringify({
      apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
      kind: "KubeProxyConfiguration",
      mode: "iptables",
      clientConnection: { kubeconfig },
      clusterCIDR: POD_CIDR,
      hostnameOverride: NODE,
      bindAddress: "127.0.0.1",
      healthzBindAddress: `127.0.0.1:${healthPort}`,
      metricsBindAddress: `127.0.0.1:${metricsPort}`,
      // A rule against packets from elsewhere to loopback would be left behind.
      iptables: { localhostNodePorts: false },
      // The machine's connection tracking stays as it is.
      conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: none, tcpCloseWaitTimeout: none },
    }),
  );
  const program = requireBuilt("kube-proxy");
  const firewall = await hasFirewall();
  takeBack.push(async () => {
    await run(program, ["--cleanup", `--config=${file}`], { timeout: 60_000 });
    if (!firewall) await removeFirewall();
  });
  const proxy = new RigProgram("kube-proxy", program, [`--config=${file}`], plane.folder, async () => {
    return (await request(`http://127.0.0.1:${healthPort}/healthz`)).statusCode === 200;
  });
  started.push(proxy);
  await proxy.start();
  return proxy;
}
