import type { DockerEngine } from "../../docker/engine.js";
import { inspectImage, loadImage, tagImage } from "../../docker/images.js";
import { assemble } from "../assemble.js";
import { counted } from "../counted.js";
import { dockerArchive } from "../docker-archive.js";
import { type Blob, type Image, sizeOf } from "../image.js";
import { writeLayout } from "../layout.js";
import { parseReference } from "../reference.js";
import { pushImage } from "../registry/push.js";
import type { Registries } from "../registry/registries.js";
import type { Destination, MadeImage } from "./made.js";

/** Where a release's files are in an image, and what its command is run in. */
export const FILES_DIRECTORY = "app";

/** An image of a release's files; the same base, files and command are the same digest on every machine. */
export function fromFiles(
  base: Image,
  layer: Blob,
  argv: readonly string[],
  to: Destination,
  registries: Registries,
  engine: () => Promise<DockerEngine>,
): MadeImage {
  const image = assemble(base, layer, { argv, workingDirectory: `/${FILES_DIRECTORY}` });
  const pushed = `${to.repository}@${image.digest}`;
  return {
    reference: to.push ? pushed : image.configDescriptor.digest,
    async publish(report) {
      if (!to.push) return load(await engine(), image, to, report);
      const { registry, repository } = parseReference(to.repository);
      await pushImage(registries.of(registry), repository, image, to.tag, report);
      return pushed;
    },
    write: (directory, name) => writeLayout(directory, image, name),
  };
}

/** An Engine knows an image by the digest of its configuration. */
async function load(
  engine: DockerEngine,
  image: Image,
  to: Destination,
  report: (progress: { sent: number; of: number }) => void,
): Promise<string> {
  const id = image.configDescriptor.digest;
  const of = sizeOf(image);
  if ((await inspectImage(engine, id)) === null) {
    let sent = 0;
    const archive = dockerArchive(image, [`${to.repository}:${to.tag}`]);
    const passing = counted(archive, (bytes) => {
      sent = Math.min(of, sent + bytes);
      report({ sent, of });
    });
    await loadImage(engine, passing);
  } else await tagImage(engine, id, to.repository, to.tag);
  return id;
}
