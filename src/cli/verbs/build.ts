import path from "node:path";
import type { Cli } from "../context.js";
import { EXIT } from "../exit-code.js";
import { json, next, noting, say } from "../output.js";
import { type BuiltRelease, buildRelease } from "../release/build.js";
import { align } from "../render/text.js";
import { environmentOf, loadSpec } from "../spec.js";
import { ENVIRONMENT_ARGUMENT, JSON_FLAG, textFlag, verb } from "../verb.js";

type Flags = { readonly push: boolean; readonly output?: string; readonly version?: string };

export default verb<Flags, [string?]>({
  brief: "Make the images of an environment's services, and push them; deploys nothing",
  description:
    "Makes what `deploy` would make: of a Dockerfile by this machine's Docker Engine, of a service's files without one.\n" +
    "Images are pushed to the environment's registry, or stay in the Engine when it has none, and are named by digest.",
  examples: [
    "windlass build production",
    "windlass build production --no-push --json",
    "windlass build production --output images   # OCI layouts, one directory for each service",
  ],
  parameters: {
    flags: {
      json: JSON_FLAG,
      push: { kind: "boolean", brief: "Push them, or put them into the Engine", default: true },
      output: textFlag("Write OCI layouts here instead of pushing", "directory"),
      version: textFlag("The release's version", "version"),
    },
    positional: { kind: "tuple", parameters: [ENVIRONMENT_ARGUMENT] },
  },
  async run(cli, flags, asked) {
    const spec = await loadSpec(cli);
    const environment = environmentOf(spec, asked);
    const built = await buildRelease(spec, environment, flags.version, noting(cli, flags.json));
    try {
      const written = flags.output === undefined ? null : path.resolve(cli.cwd, flags.output);
      if (written !== null) await write(built, written);
      const isPublished = flags.push && written === null;
      const { label, images = {} } = isPublished ? await built.publish() : built.release;
      if (flags.json)
        json(cli, { kind: "images", environment: environment.name, label, images, published: isPublished, written });
      else show(cli, environment.name, images, written);
      return EXIT.done;
    } finally {
      await built.packed.remove();
    }
  },
});

async function write({ images, release }: BuiltRelease, directory: string): Promise<void> {
  for (const [name, image] of images.made) await image.write(path.join(directory, name), release.label);
}

function show(cli: Cli, environment: string, images: Readonly<Record<string, string>>, written: string | null): void {
  const rows = Object.entries(images);
  if (rows.length === 0) say(cli, `No service of ${environment} is run from an image that is made or found here.`);
  for (const row of align(rows)) say(cli, row);
  if (written !== null) say(cli, `Written to ${written}.`);
  next(cli, `\`windlass deploy ${environment}\``);
}
