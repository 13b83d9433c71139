import { execFile } from "node:child_process";
import { symlinkSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import type { EventRecord } from "../../../src/core/model/event.js";
import type { EnvironmentView } from "../../../src/engine/view.js";
import type { Ran } from "../../scenario/lab/command.js";
import { Installation, PACKAGE } from "../../scenario/lab/installation.js";

const run = promisify(execFile);
/** Beside the folder of the spec. */
export const BASE = "../base";
const SYSTEMS = path.join(PACKAGE, "systems");

/** One of `systems/` in a folder of a user's, with environments that a rig needs, through the real `windlass`. */
export class SystemStory {
  readonly installation = new Installation();
  readonly key: string;

  constructor(
    private readonly system: string,
    /** Laid over the system's own. */
    environments: Readonly<Record<string, object>>,
    /** What images are made on: an OCI layout, which the spec finds at `BASE`. */
    base: string,
  ) {
    symlinkSync(base, path.join(this.installation.root, "base"));
    this.key = `${system}/rig`;
    const spec = path.join(SYSTEMS, system, "windlass.system.js");
    this.installation.write(
      "windlass.system.ts",
      `import system from ${JSON.stringify(spec)};
export default { ...system, environments: { ...system.environments, ...${JSON.stringify(environments)} } };
`,
    );
  }

  /** Builds a release of the code where the spec looks for it. */
  async build(release: string): Promise<void> {
    const out = path.join(this.installation.directory, "release");
    await run(process.execPath, [path.join(SYSTEMS, this.system, "build.js"), "--release", release, "--out", out]);
  }

  /** Builds a release and deploys it; ends as `windlass deploy` does. */
  async deploy(release: string, ...words: readonly string[]): Promise<Ran> {
    await this.build(release);
    return this.cli("deploy", "rig", "--version", release, ...words);
  }

  cli(...words: readonly string[]): Promise<Ran> {
    return this.installation.cli(...words);
  }

  view(): Promise<EnvironmentView> {
    return this.installation.view(this.key);
  }

  until(what: string, holds: (view: EnvironmentView) => boolean): Promise<EnvironmentView> {
    return this.installation.until(this.key, what, holds);
  }

  events(): Promise<readonly EventRecord[]> {
    return this.installation.events(this.key);
  }

  end(): Promise<unknown> {
    return this.installation.end();
  }
}
