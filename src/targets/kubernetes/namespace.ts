import type { EnvironmentKey } from "../../core/model/intent.js";
import { WindlassError } from "../../error.js";
import { MANAGED_BY, ownerLabels } from "../../render/kubernetes/labels.js";
import type { Kubernetes } from "./client/api.js";
import { RECORD_NAME } from "./intent-record.js";
import { text } from "./seen/field.js";

const MANAGER = "windlass";
/** Says that nobody else made it, so it may go with what is in it. */
const CREATED = "windlass.dev/created";

const reference = (name: string) => ({ apiVersion: "v1", kind: "Namespace", name });

/** What people keep in a namespace; any of it that is not Windlass's keeps the namespace. */
const PRECIOUS = [
  { apiVersion: "v1", kind: "PersistentVolumeClaim" },
  { apiVersion: "apps/v1", kind: "Deployment" },
  { apiVersion: "apps/v1", kind: "StatefulSet" },
  { apiVersion: "apps/v1", kind: "DaemonSet" },
  { apiVersion: "batch/v1", kind: "Job" },
  { apiVersion: "batch/v1", kind: "CronJob" },
  { apiVersion: "v1", kind: "Pod" },
  { apiVersion: "v1", kind: "Service" },
  { apiVersion: "v1", kind: "Secret" },
  { apiVersion: "v1", kind: "ConfigMap" },
] as const;

/** Made by the cluster in every namespace. */
const EVERYWHERE: ReadonlySet<string> = new Set(["kube-root-ca.crt", "openshift-service-ca.crt", RECORD_NAME]);

export async function ensureNamespace(client: Kubernetes, name: string, environment: EnvironmentKey): Promise<void> {
  const found = await client.get(reference(name));
  if (text(found, "metadata", "deletionTimestamp") !== null)
    throw new WindlassError("kubernetes-terminating", `the namespace ${name} is being deleted`, {
      hint: "It is made again once it is gone; look for finalizers if that never happens.",
      retry: "safe",
    });
  if (found !== null) return;
  const metadata = { name, labels: { ...ownerLabels(environment) }, annotations: { [CREATED]: "true" } };
  try {
    await client.create({ ...reference(name), metadata }, { manager: `${MANAGER}-namespace` });
  } catch (error) {
    // Somebody was faster: then it is there.
    if (!(error instanceof WindlassError) || error.code !== "kubernetes-conflict") throw error;
  }
}

/** Deletes a namespace that Windlass made and where nothing of anybody else is. Returns why it stays, or null. */
export async function removeNamespace(client: Kubernetes, name: string): Promise<string | null> {
  const found = await client.get(reference(name));
  if (found === null || text(found, "metadata", "deletionTimestamp") !== null) return null;
  if (text(found, "metadata", "annotations", CREATED) !== "true") return "it was there before Windlass";
  for (const kind of PRECIOUS)
    for await (const page of client.list(kind, { namespace: name, limit: 50 }))
      for (const { metadata } of page.items)
        if (metadata.labels?.[MANAGED_BY] !== "windlass" && !EVERYWHERE.has(metadata.name))
          return `${kind.kind} ${metadata.name} is not Windlass's`;
  await client.delete(reference(name), { propagation: "Background", uid: text(found, "metadata", "uid") ?? "" });
  return null;
}
