import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { packDirectory } from "../../../src/archive/pack.js";
import { assemble } from "../../../src/images/assemble.js";
import { layerOf } from "../../../src/images/layer.js";
import type { Credentials } from "../../../src/images/registry/credentials.js";
import { pushImage } from "../../../src/images/registry/push.js";
import { Registries } from "../../../src/images/registry/registries.js";
import { baseLayout } from "../docker/rig/base-image.js";

/** Puts a directory's files on the rig's base image, pushes it, and gives its name by digest. */
export async function pushService(
  registry: string,
  name: string,
  directory: string,
  login: Credentials | null = null,
): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "windlass-image-"));
  const registries = new Registries({ credentials: async () => login, insecure: [registry] });
  try {
    const base = await baseLayout(folder);
    const file = path.join(folder, "files.tar");
    await packDirectory(directory, file);
    const image = assemble(base, await layerOf(file, path.join(folder, "layer.tar"), "app"), {
      argv: ["node", "server.js"],
      workingDirectory: "/app",
    });
    await pushImage(registries.of(registry), name, image, "rig");
    return `${registry}/${name}@${image.digest}`;
  } finally {
    await registries.close();
    await rm(folder, { recursive: true, force: true });
  }
}
