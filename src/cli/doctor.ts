import { statfsSync, statSync } from "node:fs";
import path from "node:path";
import type { Finding } from "../engine/control-plane.js";
import type { Cli } from "./context.js";
import { bytes } from "./render/text.js";

/** What can be looked at without the control plane; it looks at its home and disk itself when it runs. */
export function localFindings(cli: Cli, isRunning: boolean): readonly Finding[] {
  const alone = isRunning ? [] : [home(cli), disk(cli)];
  return [node(process.versions.node), ...alone, socket(cli)];
}

export function node(version: string): Finding {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const ok = major > 20 || (major === 20 && minor >= 19);
  return { check: "Node.js", ok, sentence: version, hint: ok ? null : "Windlass needs 20.19 or newer." };
}

function home(cli: Cli): Finding {
  const { home: directory } = cli.places;
  const found = statSync(directory, { throwIfNoEntry: false });
  if (found === undefined)
    return { check: "state", ok: true, sentence: `${directory} is made with the first deployment`, hint: null };
  const isPrivate = found.isDirectory() && (found.mode & 0o066) === 0;
  const isMine = process.getuid === undefined || found.uid === process.getuid();
  if (!isMine)
    return {
      check: "state",
      ok: false,
      sentence: `${directory} belongs to uid ${found.uid}`,
      hint: "Set WINDLASS_HOME.",
    };
  const hint = isPrivate ? null : `chmod 700 ${directory}`;
  return { check: "state", ok: isPrivate, sentence: `${directory}${isPrivate ? "" : " can be read by others"}`, hint };
}

const LITTLE = 256 * 1024 * 1024;

function disk(cli: Cli): Finding {
  const directory = nearestThere(cli.places.home);
  const { bavail, bsize } = statfsSync(directory);
  const free = bavail * bsize;
  const ok = free >= LITTLE;
  const hint = ok ? null : "The ledger keeps space for a rollback, and new deployments need more.";
  return { check: "disk", ok, sentence: `${bytes(free)} free at ${directory}`, hint };
}

function socket(cli: Cli): Finding {
  const { controlSocket } = cli.places;
  const found = statSync(controlSocket, { throwIfNoEntry: false });
  if (found === undefined)
    return { check: "socket", ok: true, sentence: `${controlSocket} is not there yet`, hint: null };
  const ok = found.isSocket() && (found.mode & 0o077) === 0;
  const sentence = `${controlSocket}${ok ? "" : " is not a private socket"}`;
  return { check: "socket", ok, sentence, hint: ok ? null : "`windlass status` starts the control plane again." };
}

function nearestThere(directory: string): string {
  const found = statSync(directory, { throwIfNoEntry: false });
  return found !== undefined || path.dirname(directory) === directory
    ? directory
    : nearestThere(path.dirname(directory));
}
