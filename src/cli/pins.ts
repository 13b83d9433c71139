import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { ControlPlane } from "../engine/control-plane.js";
import type { Cli } from "./context.js";
import { shortName } from "./home.js";

/**
 * Checkpoints of one home's ledger that this person has seen, oldest first. They lie with the person, not with the
 * ledger: whoever changes the ledger cannot change them, so an edited, truncated or older copy is found.
 */
export interface Pins {
  readonly home: string;
  /** Of the ledger's key, taken at first sight. */
  readonly verifierKey: string;
  readonly notes: readonly string[];
}

const KEPT = 8;

export function readPins(cli: Cli): Pins | null {
  try {
    return JSON.parse(readFileSync(fileOf(cli), "utf8")) as Pins;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

/** Remembers the ledger as it is now. The oldest one that was not verified yet stays: it proves the most. */
export async function pinCheckpoint(cli: Cli, plane: ControlPlane): Promise<void> {
  const { note, verifierKey } = await plane.ledger.checkpoint();
  const before = readPins(cli);
  // Another key, or a shorter ledger: what is pinned is the evidence, and `ledger verify` tells.
  if (before !== null && (before.verifierKey !== verifierKey || sizeOf(note) < sizeOf(before.notes.at(-1) ?? note)))
    return;
  const notes = [...(before?.notes ?? []).filter((one) => one !== note), note];
  writePins(cli, verifierKey, notes.length <= KEPT ? notes : [notes[0] ?? note, ...notes.slice(-(KEPT - 1))]);
}

export function writePins(cli: Cli, verifierKey: string, notes: readonly string[]): void {
  const file = fileOf(cli);
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  const pins: Pins = { home: cli.places.home, verifierKey, notes };
  writeFileSync(`${file}.${process.pid}`, `${JSON.stringify(pins, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.${process.pid}`, file);
}

/** The tree size in a signed note (C2SP tlog-checkpoint): its second line. */
export function sizeOf(note: string): number {
  return Number(note.split("\n")[1] ?? 0);
}

function fileOf(cli: Cli): string {
  return path.join(cli.config, "pins", `${shortName(cli.places.home)}.json`);
}
