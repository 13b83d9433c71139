import { writeFile } from "node:fs/promises";
import path from "node:path";
import { request } from "undici";
import { freePort } from "../../../../src/load/free-port.js";
import { RigApi } from "./api.js";
import { requireBuilt } from "./build.js";
import { Authority, type Pair, tokenKeys } from "./certificates.js";
import { RigProgram } from "./program.js";

/** Where Services get their addresses. */
export const SERVICE_CIDR = "10.96.0.0/16";

export interface ControlPlaneOptions {
  /** false: lists and watches come straight from etcd, so that a compaction makes older watches end with 410. */
  readonly watchCache?: boolean;
  /** How long a watch lives at least (at most twice that); 1800 unless given. */
  readonly minRequestTimeoutSeconds?: number;
  /** More flags for kube-apiserver. */
  readonly apiServerFlags?: readonly string[];
  /** More flags for kube-controller-manager. */
  readonly controllerFlags?: readonly string[];
}

/** etcd, kube-apiserver, kube-controller-manager and kube-scheduler of one cluster, on loopback. */
export interface ControlPlane {
  readonly folder: string;
  readonly url: string;
  readonly authority: Authority;
  readonly api: RigApi;
  readonly etcd: RigProgram;
  readonly apiServer: RigProgram;
  readonly controllers: RigProgram;
  readonly scheduler: RigProgram;
  /** Address of etcd's own HTTP API. */
  readonly etcdUrl: string;
  /** Writes a kubeconfig of a user with a client certificate; gives the file. */
  kubeconfig(
    name: string,
    user: { commonName: string; organisations?: readonly string[]; seconds?: number },
  ): Promise<string>;
}

/** Starts them, in order; what was started is pushed to `started`, also when a later one fails. */
export async function startControlPlane(
  folder: string,
  options: ControlPlaneOptions,
  started: RigProgram[],
): Promise<ControlPlane> {
  const authority = new Authority("windlass-rig");
  const keep = async (name: string, text: string): Promise<string> => {
    const file = path.join(folder, name);
    await writeFile(file, text, { mode: 0o600 });
    return file;
  };
  const keepPair = async (name: string, pair: Pair): Promise<[string, string]> => [
    await keep(`${name}.crt`, pair.certificate),
    await keep(`${name}.key`, pair.key),
  ];
  const ca = await keep("ca.crt", authority.certificate);
  const launch = async (program: RigProgram): Promise<RigProgram> => {
    started.push(program);
    await program.start();
    return program;
  };

  const [clientPort, peerPort, apiPort, controllersPort, schedulerPort] = await Promise.all(
    Array.from({ length: 5 }, freePort),
  );
  const etcdUrl = `http://127.0.0.1:${clientPort}`;
  const etcd = await launch(
    new RigProgram(
      "etcd",
      "etcd",
      [
        `--data-dir=${path.join(folder, "etcd")}`,
        `--listen-client-urls=${etcdUrl}`,
        `--advertise-client-urls=${etcdUrl}`,
        `--listen-peer-urls=http://127.0.0.1:${peerPort}`,
        `--initial-advertise-peer-urls=http://127.0.0.1:${peerPort}`,
        `--initial-cluster=default=http://127.0.0.1:${peerPort}`,
        "--quota-backend-bytes=4294967296",
      ],
      folder,
      async () => (await request(`${etcdUrl}/health`)).statusCode === 200,
    ),
  );

  const url = `https://127.0.0.1:${apiPort}`;
  const admin = authority.issue({ commonName: "rig-administrator", organisations: ["system:masters"] });
  const api = new RigApi(url, authority.certificate, admin);
  const keys = tokenKeys();
  const tokenKey = await keep("tokens.key", keys.privateKey);
  const hosts = ["127.0.0.1", "10.96.0.1", "localhost", "kubernetes.default.svc"];
  const [serverCrt, serverKey] = await keepPair("apiserver", authority.issue({ commonName: "kube-apiserver", hosts }));
  const [kubeletCrt, kubeletKey] = await keepPair(
    "apiserver-kubelet",
    authority.issue({ commonName: "kube-apiserver", organisations: ["system:masters"] }),
  );
  const apiServer = await launch(
    new RigProgram(
      "kube-apiserver",
      requireBuilt("kube-apiserver"),
      [
        `--etcd-servers=${etcdUrl}`,
        "--bind-address=127.0.0.1",
        // Told to nobody: the reconciler of the kubernetes Service is off, and loopback would be refused there.
        "--advertise-address=192.0.2.1",
        "--endpoint-reconciler-type=none",
        `--secure-port=${apiPort}`,
        `--tls-cert-file=${serverCrt}`,
        `--tls-private-key-file=${serverKey}`,
        `--client-ca-file=${ca}`,
        "--authorization-mode=Node,RBAC",
        "--anonymous-auth=false",
        "--enable-admission-plugins=NodeRestriction,PodSecurity,ResourceQuota,LimitRanger,ValidatingAdmissionPolicy",
        `--service-cluster-ip-range=${SERVICE_CIDR}`,
        "--service-account-issuer=https://kubernetes.default.svc",
        `--service-account-signing-key-file=${tokenKey}`,
        `--service-account-key-file=${await keep("tokens.pub", keys.publicKey)}`,
        `--kubelet-client-certificate=${kubeletCrt}`,
        `--kubelet-client-key=${kubeletKey}`,
        `--kubelet-certificate-authority=${ca}`,
        "--kubelet-preferred-address-types=InternalIP",
        "--allow-privileged=true",
        "--default-not-ready-toleration-seconds=5",
        "--default-unreachable-toleration-seconds=5",
        "--shutdown-delay-duration=0s",
        "--profiling=false",
        // Debian's etcd 3.4 tells no progress on demand, which lists by watch wait for: clients fall back to lists.
        "--feature-gates=WatchList=false",
        `--watch-cache=${options.watchCache ?? true}`,
        `--min-request-timeout=${options.minRequestTimeoutSeconds ?? 1800}`,
        ...(options.apiServerFlags ?? []),
      ],
      folder,
      () => api.healthy("/readyz"),
    ),
  );

  const kubeconfig: ControlPlane["kubeconfig"] = (name, user) =>
    keep(`${name}.kubeconfig`, kubeconfigText(url, authority.certificate, { pair: authority.issue(user) }));
  const controllerConfig = await kubeconfig("controllers", { commonName: "system:kube-controller-manager" });
  const schedulerConfig = await kubeconfig("scheduler", { commonName: "system:kube-scheduler" });
  const local = async (port: number | undefined): Promise<boolean> =>
    api.healthyAt(`https://127.0.0.1:${port}/healthz`);
  const paces = ["--kube-api-qps=500", "--kube-api-burst=1000", "--leader-elect=false", "--bind-address=127.0.0.1"];
  const [controllersCrt, controllersKey] = await keepPair(
    "controllers",
    authority.issue({ commonName: "controllers", hosts }),
  );
  const [controllers, scheduler] = await Promise.all([
    launch(
      new RigProgram(
        "kube-controller-manager",
        requireBuilt("kube-controller-manager"),
        [
          `--kubeconfig=${controllerConfig}`,
          `--authentication-kubeconfig=${controllerConfig}`,
          `--authorization-kubeconfig=${controllerConfig}`,
          ...paces,
          `--secure-port=${controllersPort}`,
          `--tls-cert-file=${controllersCrt}`,
          `--tls-private-key-file=${controllersKey}`,
          `--root-ca-file=${ca}`,
          `--service-account-private-key-file=${tokenKey}`,
          "--use-service-account-credentials=true",
          "--node-monitor-period=1s",
          "--node-monitor-grace-period=8s",
          "--horizontal-pod-autoscaler-sync-period=2s",
          "--concurrent-deployment-syncs=20",
          "--concurrent-replicaset-syncs=20",
          "--profiling=false",
          ...(options.controllerFlags ?? []),
        ],
        folder,
        () => local(controllersPort),
      ),
    ),
    launch(
      new RigProgram(
        "kube-scheduler",
        requireBuilt("kube-scheduler"),
        [
          `--kubeconfig=${schedulerConfig}`,
          `--authentication-kubeconfig=${schedulerConfig}`,
          `--authorization-kubeconfig=${schedulerConfig}`,
          ...paces,
          `--secure-port=${schedulerPort}`,
          `--tls-cert-file=${controllersCrt}`,
          `--tls-private-key-file=${controllersKey}`,
        ],
        folder,
        () => local(schedulerPort),
      ),
    ),
  ]);
  return { folder, url, authority, api, etcd, apiServer, controllers, scheduler, etcdUrl, kubeconfig };
}

/** A kubeconfig as JSON, which YAML reads. */
export function kubeconfigText(
  url: string,
  ca: string,
  user: { readonly pair: Pair } | { readonly token: string },
  namespace = "default",
): string {
  const base64 = (text: string): string => Buffer.from(text).toString("base64");
  const credentials =
    "token" in user
      ? { token: user.token }
      : { "client-certificate-data": base64(user.pair.certificate), "client-key-data": base64(user.pair.key) };
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "rig", cluster: { server: url, "certificate-authority-data": base64(ca) } }],
    users: [{ name: "rig", user: credentials }],
    contexts: [{ name: "rig", context: { cluster: "rig", user: "rig", namespace } }],
    "current-context": "rig",
  });
}
