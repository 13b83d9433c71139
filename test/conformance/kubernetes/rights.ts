import { readFileSync } from "node:fs";
import { parseAllDocuments } from "yaml";
import type { Cluster } from "./rig/cluster.js";

const FILE = new URL("../../../docs/reference/kubernetes-role.yaml", import.meta.url);

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

/** What the documentation says that Windlass needs: more is not given to it here. */
export function neededRights(): readonly Rule[] {
  const documents = parseAllDocuments(readFileSync(FILE, "utf8")).map((document) => document.toJS());
  const role = documents.find(({ kind }) => kind === "ClusterRole") as { rules: readonly Rule[] };
  return role.rules;
}

const accounts = new WeakMap<Cluster, Promise<string>>();

/** A kubeconfig of an account that has them in the whole cluster. */
export function accountOn(cluster: Cluster): Promise<string> {
  const known = accounts.get(cluster);
  if (known !== undefined) return known;
  const account = cluster
    .kubeconfigFor({ namespace: "default", name: "windlass", rules: neededRights() })
    .then(({ file }) => file);
  accounts.set(cluster, account);
  return account;
}
