import type { Clock } from "../../../../ports/clock.js";
import type { ClusterAccess } from "./access.js";
import { rereadCredentials } from "./credentials.js";
import { requiredText, type Surroundings } from "./surroundings.js";

const DIRECTORY = "/var/run/secrets/kubernetes.io/serviceaccount";

/** A pod's own service account; null outside a pod. The kubelet renews its token in place. */
export async function inCluster(around: Surroundings, clock: Clock): Promise<ClusterAccess | null> {
  const host = around.env.KUBERNETES_SERVICE_HOST;
  const port = around.env.KUBERNETES_SERVICE_PORT;
  if (host === undefined || host === "" || port === undefined || port === "") return null;
  const ca = await requiredText(around, `${DIRECTORY}/ca.crt`, "the pod's certificate authority");
  const namespace = await around.readText(`${DIRECTORY}/namespace`);
  const token = async () => {
    const text = await requiredText(around, `${DIRECTORY}/token`, "the pod's service account token");
    return { authorization: `Bearer ${text.trim()}`, certificate: null };
  };
  return {
    server: `https://${host.includes(":") ? `[${host}]` : host}:${port}`,
    namespace: namespace?.trim() || "default",
    origin: "the pod's service account",
    tls: { ca, insecure: false, serverName: null },
    credentials: rereadCredentials(token, clock),
  };
}
