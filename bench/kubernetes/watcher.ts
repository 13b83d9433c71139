import { connectKubernetes } from "../../src/targets/kubernetes/client/connect.js";
import { keepRoute, type RouteSeen } from "../../src/targets/kubernetes/seen/route.js";

export interface RouteWatcher {
  close(): Promise<void>;
}

/** Hears of each change of a route as anybody at the API server does; `at` is the wall time at which it came. */
export async function watchRoutes(
  kubeconfig: string,
  onChange: (key: string, route: RouteSeen, at: number) => void,
): Promise<RouteWatcher> {
  const clock = { now: () => Math.floor(performance.now()), wall: () => Date.now() };
  const client = await connectKubernetes({ kubeconfig, context: null, clock, userAgent: "windlass-bench-watcher" });
  const informer = client.informer<RouteSeen>({
    kind: { apiVersion: "gateway.networking.k8s.io/v1", kind: "HTTPRoute" },
    keep: keepRoute,
    onChange(change) {
      if (change.type !== "removed") onChange(change.key, change.value, Date.now());
    },
  });
  await informer.synced(60_000);
  return { close: () => client.close() };
}
