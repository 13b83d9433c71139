import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import path from "node:path";
import { fileSafe } from "./replica-record.js";

/** Of replicas that are gone, the newest so many outputs per environment stay readable on the disk. */
const KEPT = 20;

/** Where the output of each replica is. */
export class OutputPlaces {
  constructor(private readonly logs: string) {}

  of({ environment, id }: { readonly environment: string; readonly id: string }): string {
    return path.join(this.logs, fileSafe(environment), fileSafe(id));
  }

  prune(inUse: ReadonlySet<string>): void {
    for (const environment of existsSync(this.logs) ? readdirSync(this.logs) : []) {
      const gone = readdirSync(path.join(this.logs, environment))
        .map((name) => path.join(this.logs, environment, name))
        .filter((directory) => !inUse.has(directory))
        .map((directory) => ({ directory, at: statSync(directory).mtimeMs }))
        .sort((a, b) => b.at - a.at);
      for (const { directory } of gone.slice(KEPT)) rmSync(directory, { recursive: true, force: true });
    }
  }
}
