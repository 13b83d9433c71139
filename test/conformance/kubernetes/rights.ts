import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
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

/** A kubeconfig of the account that the documentation's file makes, as somebody applies it. */
export function accountOn(cluster: Cluster): Promise<string> {
  const known = accounts.get(cluster) ?? makeAccount(cluster);
  accounts.set(cluster, known);
  return known;
}

async function makeAccount(cluster: Cluster): Promise<string> {
  await cluster.kubectl(["create", "namespace", "windlass"]);
  await cluster.kubectl(["apply", "-f", fileURLToPath(FILE)]);
  return (await cluster.accountKubeconfig("windlass", "windlass")).file;
}
