import { proposeCompletions } from "@stricli/core";
import type { EnvironmentView } from "../engine/view.js";
import type { Cli } from "./context.js";
import { EXIT, type ExitCode } from "./exit-code.js";
import { say } from "./output.js";
import { recall, specFile } from "./spec-identity.js";

/** Prints what may come at the place of the last word, one per line. */
export async function propose(cli: Cli, words: readonly string[]): Promise<ExitCode> {
  const { applicationFor } = await import("./app.js");
  const inputs = words.length > 1 ? words : [];
  const application = await applicationFor(inputs, cli.version);
  for (const { completion } of await proposeCompletions(application, words, cli)) say(cli, completion);
  return EXIT.done;
}

/** Environments of this directory's spec, when it was seen before, and those that something was deployed to. */
export async function proposeEnvironments(this: Cli, partial: string): Promise<readonly string[]> {
  const file = specFile(this.cwd);
  const known = file === null ? null : recall(this.config, file);
  const views = await running(this);
  const system = known === null ? null : `${known.system}/`;
  const deployed = views
    .map(({ environment }) => environment)
    .filter((key) => system === null || key.startsWith(system));
  const names = deployed.map((key) => (partial.includes("/") ? key : key.slice(key.indexOf("/") + 1)));
  return distinct([...(known?.environments ?? []), ...names], partial);
}

/** Services that run. */
export async function proposeServices(this: Cli, partial: string): Promise<readonly string[]> {
  const views = await running(this);
  return distinct(
    views.flatMap((view) => view.services.map((service) => service.name)),
    partial,
  );
}

/** A Tab never starts anything and never shows an error. */
async function running(cli: Cli): Promise<readonly EnvironmentView[]> {
  const plane = await cli.reach();
  if (plane === null) return [];
  return plane.environments().catch(() => []);
}

function distinct(words: readonly string[], partial: string): readonly string[] {
  return [...new Set(words)].filter((word) => word.startsWith(partial)).sort();
}
