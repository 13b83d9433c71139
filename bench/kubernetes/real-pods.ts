import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { startRegistry } from "../../test/conformance/docker/rig/registry.js";
import { buildRig } from "../../test/conformance/kubernetes/rig/build.js";
import { type Cluster, startCluster } from "../../test/conformance/kubernetes/rig/cluster.js";
import { pushService } from "../../test/conformance/kubernetes/service-image.js";

const ROOT = path.join(import.meta.dirname, "..", "..");

export interface RealPods {
  readonly cluster: Cluster;
  /** `bench/services/web.mjs`, by digest. */
  readonly image: string;
  end(): Promise<void>;
}

/** A cluster with this machine as its node and Traefik as its gateway; builds what is missing of it. */
export async function realPods(): Promise<RealPods> {
  await buildRig((line) => process.stderr.write(`rig: ${line}\n`));
  const registry = await startRegistry();
  const folder = await mkdtemp(path.join(os.tmpdir(), "windlass-bench-web-"));
  try {
    await mkdir(path.join(folder, "node_modules"));
    await cp(path.join(ROOT, "bench/services/web.mjs"), path.join(folder, "web.mjs"));
    await cp(path.join(ROOT, "node_modules/ws"), path.join(folder, "node_modules/ws"), { recursive: true });
    await writeFile(path.join(folder, "server.js"), 'import("./web.mjs");\n');
    const image = await pushService(registry.host, "web", folder);
    const cluster = await startCluster({ kubelet: true, gateway: "traefik" });
    await cluster.allowRegistry(registry.host);
    const end = async (): Promise<void> => {
      await cluster.end();
      await registry.end();
    };
    return { cluster, image, end };
  } catch (error) {
    await registry.end();
    throw error;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
