import type { Probe } from "../../../src/spec/compiled.js";
import { eventually } from "../../contract/host.js";
import { targetContract } from "../../contract/target.js";
import { startRegistry } from "../docker/rig/registry.js";
import { startCluster } from "./rig/cluster.js";
import { accountOn } from "./rights.js";
import { pushService } from "./service-image.js";
import { askThroughGateway, container, targetOn } from "./world.js";

const FIXTURES = new URL("../../fixtures/services/", import.meta.url).pathname;
const PATIENCE_MS = 120_000;

const readiness = (path: string): Probe => ({
  action: { kind: "http", path },
  delayMs: 0,
  periodMs: 1_000,
  timeoutMs: 1_000,
  failures: 1,
  successes: 1,
});

targetContract("Kubernetes, with real pods behind a gateway", async () => {
  const registry = await startRegistry();
  const image = await pushService(registry.host, "fixtures", FIXTURES);
  const cluster = await startCluster({ kubelet: true, gateway: "traefik" });
  await cluster.allowRegistry(registry.host);
  const { name, namespace, metricsUrl: metrics } = cluster.gateway;
  const kubeconfig = await accountOn(cluster);
  const { target } = targetOn(cluster, {
    kubeconfig,
    traffic: { kind: "gateway", name, namespace, section: null, metrics },
  });
  const probes = (path: string) => ({ startup: null, liveness: null, readiness: readiness(path) });
  return {
    target,
    until: (look, what) => eventually(look, what, PATIENCE_MS),
    workloads: {
      web: container(image, ["node", "web.mjs"], { probes: probes("/ready") }),
      crashing: container(image, ["node", "crash.mjs"]),
      neverReady: container(image, ["node", "worker.mjs"], { probes: probes("/nowhere") }),
      worker: { ...container(image, ["node", "worker.mjs"]), pod: { port: null, drainMs: 0, urls: {} } },
    },
    request: (environment, service, count) => askThroughGateway(cluster, environment, service, count),
    replicaName: (service) => new RegExp(`^${service}-[0-9a-f]{10}-[0-9a-z]+-[0-9a-z]{5}$`),
    async end() {
      await target.close();
      await cluster.end();
      await registry.end();
    },
  };
});
