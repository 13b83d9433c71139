import type { Run } from "../compiled.js";
import type { CompiledBuild } from "../compiled-cluster.js";
import { NODE_BASE, SOURCE_DEFAULTS } from "../defaults.js";
import { runsNode } from "../layers/fill-cluster.js";
import type { AuthoredService } from "./authored.js";
import type { Report } from "./report.js";

/** How the image of a service is made; undefined where none is: it has one, or its replicas are processes. */
export function build(
  written: AuthoredService,
  run: Run,
  inContainers: boolean,
  report: Report,
): CompiledBuild | undefined {
  const { dockerfile, base, image, command, source } = written;
  for (const key of ["dockerfile", "base"] as const)
    if (image !== undefined && written[key] !== undefined)
      report.below(key).add("spec-build", "a service has an image or one is made of it, not both", `remove ${key}`);
  if (dockerfile !== undefined && base !== undefined)
    report.below("base").add("spec-build", "an image has a Dockerfile or a base, not both", "FROM names the base");
  for (const [path, text] of places(written))
    if (text.startsWith("/"))
      report.below(...path).add("spec-build", `"${text}" is absolute`, "it is relative to the spec");
  if (!inContainers || image !== undefined) return undefined;

  if (typeof dockerfile === "object") {
    const context = dockerfile.context ?? SOURCE_DEFAULTS.directory;
    return { kind: "dockerfile", file: dockerfile.file, context, stage: dockerfile.stage ?? null };
  }
  if (command === undefined) return undefined;
  if (source === false) {
    report
      .below("source")
      .add("spec-build", "there are no files to make an image of", "dockerfile, or image with a command of its own");
    return undefined;
  }
  const under = base ?? (run.kind === "command" && runsNode(run.argv) ? NODE_BASE : undefined);
  if (under !== undefined) return { kind: "files", base: under };
  report
    .below("command")
    .add(
      "spec-build",
      `no image can be made of it: nothing says what ${JSON.stringify(run.argv?.[0] ?? "it")} is in`,
      'dockerfile: "Dockerfile", or base: "registry/name:tag"',
    );
  return undefined;
}

function places({ dockerfile, base }: AuthoredService): readonly (readonly [readonly string[], string])[] {
  const { file, context } = typeof dockerfile === "object" ? dockerfile : {};
  return [
    [["dockerfile", "file"], file ?? ""],
    [["dockerfile", "context"], context ?? ""],
    [["base"], base ?? ""],
  ];
}
