import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { request } from "undici";
import { parse } from "yaml";
import { freePort } from "../../../../src/load/free-port.js";
import { eventually } from "../../../scenario/lab/eventually.js";
import type { KubernetesObject, RigApi } from "./api.js";
import { requireBuilt } from "./build.js";
import type { ControlPlane } from "./control-plane.js";
import { filesPath } from "./modules.js";
import { RigProgram } from "./program.js";

const GATEWAYS = "/apis/gateway.networking.k8s.io/v1";
const CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

/** Traefik in front of a cluster. */
export interface RigGateway {
  readonly program: RigProgram;
  /** Where routes answer, by their host name: `http://127.0.0.1:<port>`. */
  readonly url: string;
  /** Prometheus metrics of routers and of the services behind them. */
  readonly metricsUrl: string;
  /** What routes name as their parent. */
  readonly name: "windlass";
  readonly namespace: "gateway";
}

/** Gateway API's own definitions (standard channel), as a cluster without any gateway may have them too. */
export async function applyGatewayApi(api: RigApi): Promise<void> {
  const folder = filesPath("gateway-api");
  const objects = await Promise.all(
    (await readdir(folder))
      .filter((name) => /^gateway\.networking\.k8s\.io_(?!vap_).*\.yaml$/.test(name))
      .map(async (name) => parse(await readFile(path.join(folder, name), "utf8")) as KubernetesObject),
  );
  const definitions = objects.filter((object) => object?.kind === "CustomResourceDefinition");
  for (const object of definitions) await api.apply(`${CRDS}/${object.metadata.name}`, object);
  await eventually("Gateway API is served", () => api.healthy(`${GATEWAYS}/httproutes`).catch(() => false));
}

/**
 * Applies Gateway API, starts Traefik as a process of this machine, and makes the GatewayClass `windlass` and the Gateway
 * `windlass` in the namespace `gateway`, open to routes of every namespace. It sends requests to the pods' own addresses.
 */
export async function startGateway(plane: ControlPlane, started: RigProgram[]): Promise<RigGateway> {
  await applyGatewayApi(plane.api);
  const [port, metricsPort] = await Promise.all([freePort(), freePort()]);
  const kubeconfig = await plane.kubeconfig("traefik", { commonName: "traefik", organisations: ["system:masters"] });
  const program = new RigProgram(
    "traefik",
    requireBuilt("traefik"),
    [
      "--global.checknewversion=false",
      "--global.sendanonymoususage=false",
      "--log.level=INFO",
      `--entrypoints.web.address=127.0.0.1:${port}`,
      `--entrypoints.traefik.address=127.0.0.1:${metricsPort}`,
      "--ping=true",
      "--providers.kubernetesgateway=true",
      "--providers.kubernetesgateway.statusaddress.ip=127.0.0.1",
      "--providers.kubernetesgateway.throttleduration=100ms",
      // The same way in for Ingress objects, of the class `traefik`.
      "--providers.kubernetesingress=true",
      "--providers.kubernetesingress.throttleduration=100ms",
      "--providers.providersthrottleduration=100ms",
      "--metrics.prometheus=true",
      "--metrics.prometheus.addserviceslabels=true",
      "--metrics.prometheus.addrouterslabels=true",
      "--metrics.prometheus.buckets=0.005,0.01,0.025,0.05,0.1,0.25,0.5,1,2.5,5,10",
    ],
    plane.folder,
    async () => (await request(`http://127.0.0.1:${metricsPort}/ping`)).statusCode === 200,
    { KUBECONFIG: kubeconfig },
  );
  started.push(program);
  await program.start();
  await makeGateway(plane.api, port);
  const url = `http://127.0.0.1:${port}`;
  return {
    program,
    url,
    metricsUrl: `http://127.0.0.1:${metricsPort}/metrics`,
    name: "windlass",
    namespace: "gateway",
  };
}

async function makeGateway(api: RigApi, port: number): Promise<void> {
  const apiVersion = "gateway.networking.k8s.io/v1";
  await api.apply(`${GATEWAYS}/gatewayclasses/windlass`, {
    apiVersion,
    kind: "GatewayClass",
    metadata: { name: "windlass" },
    spec: { controllerName: "traefik.io/gateway-controller" },
  });
  await api.apply("/api/v1/namespaces/gateway", { apiVersion: "v1", kind: "Namespace", metadata: { name: "gateway" } });
  const gateway = `${GATEWAYS}/namespaces/gateway/gateways/windlass`;
  await api.apply(gateway, {
    apiVersion,
    kind: "Gateway",
    metadata: { name: "windlass", namespace: "gateway" },
    spec: {
      gatewayClassName: "windlass",
      listeners: [{ name: "web", protocol: "HTTP", port, allowedRoutes: { namespaces: { from: "All" } } }],
    },
  });
  await eventually(
    "the gateway is programmed",
    async () => {
      const { status } = await api.get(gateway);
      const { conditions } = status as { conditions?: { type: string; status: string }[] };
      return conditions?.some((one) => one.type === "Programmed" && one.status === "True");
    },
    () => api.get(gateway),
  );
}
