import { execFile } from "node:child_process";
import { createWriteStream } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { pack } from "tar-stream";
import { imageOf } from "../../../../../src/images/assemble.js";
import { OCI, thisPlatform } from "../../../../../src/images/descriptor.js";
import { digestOfBytes } from "../../../../../src/images/digest.js";
import { dockerArchive } from "../../../../../src/images/docker-archive.js";
import { fileBlob } from "../../../../../src/images/layout.js";
import { requireBuilt } from "../build.js";
import { RigProgram } from "../program.js";

const run = promisify(execFile);
const PAUSE = "windlass.test/pause:rig";

/** A containerd of the rig's own: root, state, socket and configuration in the cluster's folder. */
export interface Containerd {
  readonly program: RigProgram;
  readonly socket: string;
  /** Lets pods pull from a registry that speaks HTTP, `127.0.0.1:<port>`. */
  allow(registry: string): Promise<void>;
  /** Ends every container, as nobody is left who would. */
  killAll(): Promise<void>;
}

export async function startContainerd(folder: string, cniConfDir: string, started: RigProgram[]): Promise<Containerd> {
  const home = path.join(folder, "containerd");
  const certs = path.join(home, "certs.d");
  await mkdir(certs, { recursive: true });
  const socket = path.join(home, "containerd.sock");
  const config = path.join(home, "config.toml");
  await writeFile(config, configuration(home, socket, certs, cniConfDir));
  const ctr = (argv: readonly string[]) =>
    run("ctr", [`--address=${socket}`, "--namespace=k8s.io", "--timeout=10s", ...argv], { timeout: 30_000 });
  const program = new RigProgram("containerd", "containerd", [`--config=${config}`], folder, async () => {
    await ctr(["version"]);
    return true;
  });
  started.push(program);
  await program.start();
  await importPause(home, ctr);
  return {
    program,
    socket,
    allow: async (registry) => {
      await mkdir(path.join(certs, registry), { recursive: true });
      const hosts = `server = "http://${registry}"\n[host."http://${registry}"]\n  capabilities = ["pull", "resolve"]\n`;
      await writeFile(path.join(certs, registry, "hosts.toml"), hosts);
    },
    killAll: async () => {
      const { stdout } = await ctr(["tasks", "list", "--quiet"]);
      for (const id of stdout.split("\n").filter((line) => line !== "")) {
        // A task that ended meanwhile is what was wanted.
        await ctr(["tasks", "delete", "--force", id]).catch(() => undefined);
      }
    },
  };
}

function configuration(home: string, socket: string, certs: string, cniConfDir: string): string {
  const cri = 'plugins."io.containerd.grpc.v1.cri"';
  return `version = 2
root = "${home}/root"
state = "${home}/state"
[grpc]
  address = "${socket}"
[plugins."io.containerd.internal.v1.opt"]
  path = "${home}/opt"
[${cri}]
  sandbox_image = "${PAUSE}"
  netns_mounts_under_state_dir = true
  disable_apparmor = true
  restrict_oom_score_adj = true
[${cri}.cni]
  bin_dir = "/usr/lib/cni"
  conf_dir = "${cniConfDir}"
[${cri}.registry]
  config_path = "${certs}"
[${cri}.containerd]
  snapshotter = "overlayfs"
  default_runtime_name = "runc"
[${cri}.containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
[${cri}.containerd.runtimes.runc.options]
  SystemdCgroup = false
  Root = "${home}/runc"
`;
}

/** The image of every pod's sandbox: one static program, made here. */
async function importPause(home: string, ctr: (argv: readonly string[]) => Promise<unknown>): Promise<void> {
  const layer = path.join(home, "pause-layer.tar");
  const tar = pack();
  tar.entry({ name: "pause", mode: 0o755, mtime: new Date(0) }, await readFile(requireBuilt("pause")));
  tar.finalize();
  await pipeline(tar, createWriteStream(layer));
  const bytes = await readFile(layer);
  const digest = digestOfBytes(bytes);
  const image = imageOf(
    {
      ...thisPlatform(),
      created: "1970-01-01T00:00:00Z",
      config: { Entrypoint: ["/pause"], User: "65535:65535" },
      rootfs: { type: "layers", diff_ids: [digest] },
    },
    [fileBlob(layer, { mediaType: OCI.layer, digest, size: bytes.length })],
  );
  const archive = path.join(home, "pause.tar");
  await pipeline(dockerArchive(image, [PAUSE]), createWriteStream(archive));
  await ctr(["images", "import", archive]);
}
