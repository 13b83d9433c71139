import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";

const PACKAGE = path.join(import.meta.dirname, "..", "..");
const SYSTEM = path.join(PACKAGE, "systems", "customer-service");
const run = promisify(execFile);

export type TourStrategy = "rolling" | "canary";

/** What a user has: a folder with a spec and code. The spec is the customer service's, with stages of seconds. */
export class Workspace {
  readonly root: string;
  readonly home: string;
  readonly directory: string;

  constructor(readonly port: number) {
    this.root = mkdtempSync(path.join(os.tmpdir(), "windlass-tour-"));
    this.home = path.join(this.root, "home");
    this.directory = path.join(this.root, "customer-service");
    mkdirSync(this.home, { mode: 0o700 });
    mkdirSync(this.directory);
  }

  /** Builds a release of the service's code into the folder that the spec packs. */
  async build(release: string): Promise<void> {
    const out = path.join(this.directory, "release");
    await run(process.execPath, [path.join(SYSTEM, "build.js"), "--release", release, "--out", out], {
      timeout: 60_000,
    });
  }

  /** Writes the spec: the system as it is in `systems/`, and an environment for impatient people. */
  writeSpec(strategy: TourStrategy): void {
    const system = pathToFileURL(path.join(SYSTEM, "windlass.system.ts")).href;
    writeFileSync(path.join(this.directory, "windlass.system.ts"), specText(system, this.port, strategy));
  }
}

const STRATEGY: Readonly<Record<TourStrategy, string>> = {
  rolling: `rolling({ maxSurge: 1, maxUnavailable: 0, observe: "3s" })`,
  canary: `canary({
            stages: [
              { share: 20, time: { min: "8s", max: "8s" } },
              { share: 50, time: { min: "4s", max: "4s" } },
              { share: 100, time: { min: "3s", max: "3s" } },
            ],
          })`,
};

function specText(system: string, port: number, strategy: TourStrategy): string {
  const name = strategy === "rolling" ? "rolling" : "canary";
  return `import { ${name}, defineSystem } from "windlass";
import customerService from "${system}";

export default defineSystem({
  ...customerService,
  environments: {
    ...customerService.environments,
    tour: {
      services: {
        "customer-service": {
          port: ${port},
          replicas: 3,
          environment: { ADMIN_PASSWORD: "only-for-the-tour" },
          strategy: ${STRATEGY[strategy]},
          guards: [{ signal: "restarts", above: 0, for: "1m" }],
          // Seconds prove no release good; they do show harm.
          onTooLittleData: "continue",
        },
      },
    },
  },
});
`;
}
