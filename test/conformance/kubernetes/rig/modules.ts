import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** A Go module of this folder: which programs it gives, and which files of which modules go with them. */
export interface RigModule {
  readonly name: "kubernetes" | "kwok" | "traefik" | "pause";
  /** Main packages; a program is called as its package's last part. */
  readonly packages: readonly string[];
  /** Linker flags: what the programs say their version is. */
  readonly link: string;
  readonly static?: true;
  /** Folders of modules in the build list that are kept beside the programs. */
  readonly files?: readonly { readonly module: string; readonly folder: string; readonly as: string }[];
}

const version = (name: string): string =>
  `-X k8s.io/component-base/version.gitVersion=${name} -X k8s.io/component-base/version.gitMajor=1 ` +
  `-X k8s.io/component-base/version.gitMinor=${name.split(".")[1]} -X k8s.io/client-go/pkg/version.gitVersion=${name}`;

/** In the order in which they are built: what most stories need comes first. The versions stand in each go.mod. */
export const MODULES: readonly RigModule[] = [
  {
    name: "kubernetes",
    packages: ["kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl", "kubelet", "kube-proxy"].map(
      (program) => `k8s.io/kubernetes/cmd/${program}`,
    ),
    link: version("v1.34.4"),
  },
  {
    name: "kwok",
    packages: ["sigs.k8s.io/kwok/cmd/kwok"],
    link: "",
    files: [{ module: "sigs.k8s.io/kwok", folder: "kustomize/stage/node", as: "stages" }],
  },
  {
    name: "traefik",
    packages: ["github.com/traefik/traefik/v3/cmd/traefik"],
    link: "-X github.com/traefik/traefik/v3/pkg/version.Version=3.7.13",
    files: [{ module: "sigs.k8s.io/gateway-api", folder: "config/crd/standard", as: "gateway-api" }],
  },
  { name: "pause", packages: ["windlass.local/rig/pause"], link: "", static: true },
];

export type Program =
  | "kube-apiserver"
  | "kube-controller-manager"
  | "kube-scheduler"
  | "kubectl"
  | "kubelet"
  | "kube-proxy"
  | "kwok"
  | "traefik"
  | "pause";

export const RIG = path.dirname(fileURLToPath(import.meta.url));

/** Where everything built is kept, over checkouts and runs. */
export function cacheFolder(): string {
  const base = process.env.XDG_CACHE_HOME ?? path.join(os.homedir(), ".cache");
  return path.join(base, "windlass-rig");
}

/** A module's own place in the cache: another version, or another stub, is another place. */
export function moduleFolder(module: RigModule): string {
  const hash = createHash("sha256").update(JSON.stringify(module));
  for (const file of sources(path.join(RIG, module.name))) hash.update(`\0${file.name}\0`).update(file.bytes);
  return path.join(cacheFolder(), `${module.name}-${hash.digest("hex").slice(0, 12)}`);
}

function sources(folder: string): { name: string; bytes: Buffer }[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort()
    .map((file) => ({ name: path.relative(folder, file), bytes: readFileSync(file) }));
}

export function moduleOf(program: Program): RigModule {
  const found = MODULES.find((module) => module.packages.some((name) => path.basename(name) === program));
  if (found === undefined) throw new Error(`no module of the rig gives ${program}`);
  return found;
}

/** Where a program is, or will be once it is built. */
export function programPath(program: Program): string {
  return path.join(moduleFolder(moduleOf(program)), "bin", program);
}

/** Where the files of a module are kept: `stages` (KWOK's for nodes), `gateway-api` (its CRDs). */
export function filesPath(as: "stages" | "gateway-api"): string {
  const module = MODULES.find((one) => one.files?.some((files) => files.as === as));
  if (module === undefined) throw new Error(`no module of the rig gives ${as}`);
  return path.join(moduleFolder(module), as);
}
