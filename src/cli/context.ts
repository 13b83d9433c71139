import type { Readable } from "node:stream";
import type { ApplicationContext } from "@stricli/core";
import type { ControlPlane } from "../engine/control-plane.js";
import type { Places } from "../ports/places.js";
import type { Environment } from "./home.js";
import type { Ask } from "./question/ask.js";
import type { Terminal } from "./render/terminal.js";

/** Everything that a verb sees of the world; a test gives its own. */
export interface Cli extends ApplicationContext {
  readonly stdin: Readable;
  readonly cwd: string;
  readonly env: Environment;
  /** Of this CLI. */
  readonly version: string;
  readonly terminal: Terminal;
  /** Null when nobody can be asked: a pipe, CI. */
  readonly ask: Ask | null;
  /** Who asks, as events name them: `user:ada`. */
  readonly user: string;
  readonly places: Places;
  /** The person's configuration directory. */
  readonly config: string;
  /** Milliseconds since 1970. */
  now(): number;
  /** `14:03:09`, in the person's zone. */
  timeOfDay(at: Date): string;
  /** A new idempotency key. */
  newKey(): string;
  /** The control plane, started when it does not run. */
  connect(): Promise<ControlPlane>;
  /** The control plane when it runs; null when it does not. */
  reach(): Promise<ControlPlane | null>;
  /** Ctrl-C; returns the way to stop listening. */
  onInterrupt(listener: () => void): () => void;
  sleep(ms: number): Promise<void>;
}
