import { WindlassError } from "../../error.js";
import type { CompiledKubernetes } from "../../spec/compiled-cluster.js";
import type { Cluster } from "./cluster.js";

const OPEN_MS = 5_000;

/** Opening goes on in the background; who asks meanwhile is told so. */
export async function openWithin(cluster: Cluster, { namespace, traffic }: CompiledKubernetes): Promise<void> {
  const needsRoutes = traffic.kind === "gateway";
  if (cluster.isOpen(namespace, needsRoutes)) return;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new WindlassError("kubernetes-unsynced", `${cluster.client.server} is still being read`, {
      retry: "safe",
    });
    timer = setTimeout(() => reject(error), OPEN_MS);
  });
  try {
    await Promise.race([cluster.open(namespace, needsRoutes), late]);
  } finally {
    clearTimeout(timer);
  }
}
