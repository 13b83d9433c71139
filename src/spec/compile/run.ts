import type { CompiledService, Run } from "../compiled.js";
import { suggestion } from "../problem.js";
import { splitCommand } from "../quantity/argv.js";
import type { AuthoredService } from "./authored.js";
import type { Report } from "./report.js";

/** A command as arguments; what only a shell could do is a problem. */
export function argv(command: string | readonly string[], report: Report): readonly string[] {
  if (typeof command !== "string") return command;
  const split = splitCommand(command);
  if ("argv" in split) return split.argv;
  report.add("spec-command", split.refused, 'write a list: ["node", "server.js"], or ["sh", "-c", "…"] for a shell');
  return [command];
}

/** What a run is compiled among; `services` are names: one that only an environment has is perhaps a slip of the pen. */
interface Around {
  readonly isProtected: boolean;
  readonly inContainers: boolean;
  readonly services: readonly string[];
}

export function run(service: AuthoredService, around: Around, report: Report): Run {
  const { command, image, dockerfile } = service;
  const name = String(report.at.at(-1));
  const isBuilt = command === undefined && image === undefined && dockerfile !== undefined;
  if (isBuilt && !around.inContainers)
    report
      .below("dockerfile")
      .add(
        "spec-nothing-to-run",
        `replicas of "${name}" are processes here, and there is no command for them`,
        'runner: "docker" in the environment, or a command',
      );
  if (isBuilt) return { kind: "image", image: name, argv: null };
  if (command === undefined && image === undefined)
    report.add(
      "spec-nothing-to-run",
      `service "${name}" has neither a command nor an image`,
      nothingHint(name, around.services),
    );
  if (command !== undefined && image !== undefined)
    report
      .below("image")
      .add(
        "spec-two-to-run",
        "a service has a command or an image, not both",
        "for an image's own command: image: { name, command }",
      );
  if (image === undefined || typeof image === "string")
    return { kind: "command", argv: argv(command ?? [], report.below("command")) };
  checkImage(image.name, around.isProtected, report.below("image"));
  return {
    kind: "image",
    image: image.name,
    argv: image.command === undefined ? null : argv(image.command, report.below("image", "command")),
  };
}

function nothingHint(name: string, others: readonly string[]): string {
  const near = suggestion(
    name,
    others.filter((other) => other !== name),
  );
  return near.startsWith("did you mean") ? near : 'command: ["node", "server.js"], or image: "registry/name:tag"';
}

function checkImage(image: string, isProtected: boolean, report: Report): void {
  const [, digest] = image.split("@");
  if (digest !== undefined) {
    if (!/^sha256:[0-9a-f]{64}$/.test(digest)) report.add("spec-image", `"${image}" does not end with a sha256 digest`);
    return;
  }
  if (/\s/.test(image)) {
    report.add("spec-image", `"${image}" is not the name of an image`);
    return;
  }
  const tag = /:([^/:]+)$/.exec(image)?.[1];
  if (isProtected && (tag === undefined || tag === "latest"))
    report.add(
      "spec-mutable-image",
      tag === undefined ? `image "${image}" has no tag` : `image "${image}" moves: latest is another one tomorrow`,
      "a protected environment takes a version or, best, a digest: name@sha256:…",
    );
}

export function source(service: AuthoredService, report: Report): CompiledService["source"] {
  const written = service.source;
  if (written === undefined || typeof written !== "object") return null;
  if (written.directory?.startsWith("/") === true)
    report.below("directory").add("spec-source", "a source is relative to the spec", 'source: "." or "dist"');
  return { directory: written.directory ?? ".", exclude: written.exclude ?? [] };
}
