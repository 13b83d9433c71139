import path from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { WindlassError } from "../../../../error.js";
import type { Surroundings } from "./surroundings.js";

const text = z
  .string()
  .nullish()
  .transform((value) => (value === null || value === "" ? undefined : value));
const flag = z
  .boolean()
  .nullish()
  .transform((value) => value ?? false);
const listOf = <T extends z.ZodType>(item: T) =>
  z
    .array(item)
    .nullish()
    .transform((value) => value ?? []);

const clusterSchema = z.object({
  server: text,
  "certificate-authority": text,
  "certificate-authority-data": text,
  "insecure-skip-tls-verify": flag,
  "tls-server-name": text,
  "proxy-url": text,
  extensions: listOf(z.object({ name: z.string(), extension: z.unknown() })),
});

const execSchema = z.object({
  apiVersion: z.string(),
  command: z.string().min(1),
  args: listOf(z.string()),
  env: listOf(z.object({ name: z.string(), value: z.string() })),
  installHint: text,
  provideClusterInfo: flag,
  interactiveMode: text,
});

const userSchema = z.object({
  "client-certificate": text,
  "client-certificate-data": text,
  "client-key": text,
  "client-key-data": text,
  token: text,
  tokenFile: text,
  username: text,
  password: text,
  as: text,
  exec: execSchema.nullish(),
  "auth-provider": z.object({ name: z.string() }).nullish(),
});

const contextSchema = z.object({ cluster: text, user: text, namespace: text });

const fileSchema = z.object({
  "current-context": text,
  clusters: listOf(z.object({ name: z.string(), cluster: clusterSchema.nullish() })),
  users: listOf(z.object({ name: z.string(), user: userSchema.nullish() })),
  contexts: listOf(z.object({ name: z.string(), context: contextSchema.nullish() })),
});

export type KubeconfigCluster = z.infer<typeof clusterSchema>;
export type KubeconfigUser = z.infer<typeof userSchema>;
export type KubeconfigContext = z.infer<typeof contextSchema>;

/** An entry knows the directory of its file: relative paths in it start there. */
export interface Entry<T> {
  readonly value: T;
  readonly directory: string;
}

export interface Kubeconfig {
  readonly currentContext: string | null;
  readonly clusters: ReadonlyMap<string, Entry<KubeconfigCluster>>;
  readonly users: ReadonlyMap<string, Entry<KubeconfigUser>>;
  readonly contexts: ReadonlyMap<string, Entry<KubeconfigContext>>;
}

/** The files to read, as kubectl does: those that were chosen, KUBECONFIG's list, or `~/.kube/config`. */
export function kubeconfigFiles(around: Surroundings, chosen: string | null): readonly string[] {
  const listed = (chosen ?? around.env.KUBECONFIG ?? "").split(path.delimiter).filter((file) => file !== "");
  return listed.length > 0 ? listed : [path.join(around.home, ".kube", "config")];
}

/** Merged as kubectl does: the first file to name something wins, absent files are passed over. Null when none is there. */
export async function readKubeconfig(around: Surroundings, files: readonly string[]): Promise<Kubeconfig | null> {
  let currentContext: string | null = null;
  const clusters = new Map<string, Entry<KubeconfigCluster>>();
  const users = new Map<string, Entry<KubeconfigUser>>();
  const contexts = new Map<string, Entry<KubeconfigContext>>();
  let found = false;
  for (const file of files) {
    const content = await around.readText(file);
    if (content === null) continue;
    found = true;
    const parsed = parseFile(file, content);
    const directory = path.dirname(path.resolve(file));
    currentContext ??= parsed["current-context"] ?? null;
    for (const { name, cluster } of parsed.clusters) addFirst(clusters, name, cluster, directory);
    for (const { name, user } of parsed.users) addFirst(users, name, user, directory);
    for (const { name, context } of parsed.contexts) addFirst(contexts, name, context, directory);
  }
  return found ? { currentContext, clusters, users, contexts } : null;
}

function addFirst<T>(entries: Map<string, Entry<T>>, name: string, value: T | null | undefined, directory: string) {
  if (value !== null && value !== undefined && !entries.has(name)) entries.set(name, { value, directory });
}

/** Neither the parser's nor the schema's messages quote values: the file is full of secrets. */
function parseFile(file: string, content: string): z.infer<typeof fileSchema> {
  let document: unknown;
  try {
    document = parse(content, { logLevel: "error" }) ?? {};
  } catch (error) {
    const line = error instanceof Error && "linePos" in error ? linesOf(error.linePos) : "";
    throw new WindlassError("kubernetes-config", `${file} is not YAML${line}`);
  }
  const result = fileSchema.safeParse(document);
  if (result.success) return result.data;
  const where = result.error.issues.map((issue) => `${issue.path.join(".") || "the file"} (${issue.code})`);
  throw new WindlassError("kubernetes-config", `${file} is no kubeconfig: ${where.slice(0, 5).join(", ")}`);
}

function linesOf(position: unknown): string {
  const parsed = z
    .array(z.object({ line: z.number() }))
    .min(1)
    .safeParse(position);
  return parsed.success ? ` (line ${parsed.data[0]?.line})` : "";
}
