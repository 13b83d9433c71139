import { connectKubernetes } from "../../src/targets/kubernetes/client/connect.js";

const ROUTE = { apiVersion: "gateway.networking.k8s.io/v1", kind: "HTTPRoute" };

/**
 * What is seen of a gateway when no requests flow: it accepts each generation of each route. A process of its own, with
 * a kubeconfig as its only argument, so that its work is not the control plane's.
 */
async function main(kubeconfig: string): Promise<void> {
  const clock = { now: () => Math.floor(performance.now()), wall: () => Date.now() };
  const client = await connectKubernetes({ kubeconfig, context: null, clock, userAgent: "windlass-bench-gateway" });
  const informer = client.informer({
    kind: ROUTE,
    keep: ({ metadata, status, spec }) => ({
      metadata,
      status,
      parents: (spec as { parentRefs?: object[] }).parentRefs,
    }),
    onChange(change) {
      if (change.type === "removed") return;
      const { metadata, status, parents = [] } = change.value;
      const known = (status as { parents?: { conditions: { observedGeneration: number }[] }[] } | undefined)?.parents;
      if (known?.[0]?.conditions[0]?.observedGeneration === metadata.generation) return;
      const condition = (type: string) => ({
        type,
        status: "True",
        reason: type,
        message: "",
        observedGeneration: metadata.generation ?? 0,
        lastTransitionTime: new Date().toISOString().replace(/\.\d+/, ""),
      });
      const conditions = [condition("Accepted"), condition("ResolvedRefs")];
      const told = parents.map((parentRef) => ({ parentRef, controllerName: "windlass.test/gateway", conditions }));
      const reference = { ...ROUTE, name: metadata.name, namespace: metadata.namespace ?? "" };
      client
        .patch(reference, { status: { parents: told } }, { manager: "gateway", subresource: "status" })
        .catch((error: unknown) => process.stderr.write(`gateway: ${String(error)}\n`));
    },
  });
  await informer.synced(120_000);
  process.on("disconnect", () => process.exit(0));
  process.send?.("ready");
}

await main(process.argv[2] ?? "");
