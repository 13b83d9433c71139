import type { SignalCounts } from "../model/judgement.js";

/** One signal of one replica in one second (or in one longer interval of a polled source). */
export interface ReplicaCounts extends SignalCounts {
  readonly replica: string;
}

/** One signal of both groups in the same second. */
export interface SignalSecond {
  /** Engine milliseconds of its start. Never the same one twice, and never going back. */
  readonly at: number;
  readonly stable: readonly ReplicaCounts[];
  readonly canary: readonly ReplicaCounts[];
}
