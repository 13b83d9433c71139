import type { PushReport } from "../registry/push.js";

/** An image that exists on this machine. */
export interface MadeImage {
  /**
   * How it is referred to, as far as is known before a push: by the digest that it has, or will have, in its repository; an
   * Engine's `sha256:<hex>` where only a push tells, or where it is never pushed.
   */
  readonly reference: string;
  /** Puts it where it is run from; resolves with how it is referred to from then on: by digest. Doing it again sends nothing. */
  publish(report: (progress: PushReport) => void): Promise<string>;
  /** Writes it as an OCI layout. */
  write(directory: string, name: string): Promise<void>;
}

/** Where an image goes to. */
export interface Destination {
  /** `registry.example.com/shop/api`. */
  readonly repository: string;
  /** A convenience for people; nothing refers to it. */
  readonly tag: string;
  /** False: it stays in the Engine of this machine. */
  readonly push: boolean;
}
