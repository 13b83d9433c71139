import { z } from "zod";
import type { Observation } from "../../../core/model/observation.js";
import type { EdgeBlock } from "../edge/protocol.js";
import { intentSchema } from "./intent-schema.js";

/**
 * What the control plane says to the daemon: HTTP with JSON on a Unix socket that only its owner can open.
 *
 * | request | body | answer |
 * |---|---|---|
 * | `GET /hello` | | {@link Hello} |
 * | `PUT /apply` | {@link ApplyRequest} | `{}` once it is on the disk; 409 `target-stale-term` |
 * | `GET /observe?environment=` | | {@link Observed}: an observation without `seenAt` |
 * | `GET /signals?environment=&edge=&since=` | | {@link Signals} |
 * | `GET /logs?environment=&service=&replica=&lines=&follow=` | | NDJSON of LogLine, until closed when `follow=1` |
 * | `DELETE /environment?environment=` | | `{}`: ends and forgets all of it; resources keep their data |
 * | `GET /facts` | | {@link Facts}, for `doctor` |
 * | `PUT /control-plane` | {@link ControlPlane} | `{}`: start it again when it dies |
 * | `DELETE /control-plane` | | `{}`: it ends on purpose |
 * | `POST /images/remove` | {@link RemoveImages} | {@link RemovedImages} |
 * | `PUT /secrets` | {@link SecretsRequest} | `{}` |
 * | `POST /leave` | {@link LeaveRequest} | `{}`: the daemon ends; `everything` ends the replicas and the edge, too |
 *
 * The header `windlass-protocol` says which version the asker speaks; N and N-1 are understood, another one is
 * answered with 426 `host-protocol-unsupported`. Errors are WindlassError as JSON.
 */
export const DAEMON_PROTOCOL = 1;
export const PROTOCOL_HEADER = "windlass-protocol";

export interface Hello {
  readonly protocol: number;
  readonly version: string;
  readonly pid: number;
  readonly startTime: string;
}

export const applyRequest = z.object({
  environment: z.string().regex(/^[^/]+\/[^/]+$/),
  term: z.number().int().nonnegative(),
  revision: z.number().int().nonnegative(),
  intent: intentSchema,
});
export type ApplyRequest = z.infer<typeof applyRequest>;

export const controlPlane = z.object({
  /** Arguments of Node.js, which is the daemon's own. */
  argv: z.array(z.string()).min(1),
  pid: z.number().int().positive(),
  startTime: z.string(),
});
export type ControlPlane = z.infer<typeof controlPlane>;

export const secretsRequest = z.object({
  environment: z.string().regex(/^[^/]+\/[^/]+$/),
  /** A value, or null to remove it. */
  values: z.record(z.string(), z.string().nullable()),
});
export type SecretsRequest = z.infer<typeof secretsRequest>;

export const removeImages = z.object({
  images: z.array(z.object({ reference: z.string().min(1), tags: z.array(z.string()) })).max(1_000),
});
export type RemoveImages = z.infer<typeof removeImages>;
export interface RemovedImages {
  /** References; what is in use, was there for somebody else, or was not there at all is not among them. */
  readonly removed: readonly string[];
}

export const leaveRequest = z.object({ everything: z.boolean() });
export type LeaveRequest = z.infer<typeof leaveRequest>;

export type Observed = Omit<Observation, "seenAt">;

/** Counts by second of the edge's clock, restarts of the supervisor included. */
export interface Signals {
  readonly edge: string;
  readonly nowSecond: number;
  readonly intoSecondMs: number;
  /** Where to go on reading; every second before it is complete. An older daemon does not say: `nowSecond`. */
  readonly nextSecond?: number;
  /** The service's name without its environment. */
  readonly blocks: readonly (EdgeBlock & { readonly restarts: number })[];
}

/** What this machine offers and what is enforced how; no secrets. */
export interface Facts extends Hello {
  readonly edge: { readonly pid: number; readonly generation: number; readonly socketsHeld: boolean } | null;
  readonly cgroups: string;
  readonly limits: Readonly<Record<string, { readonly memory: string | null; readonly cpu: string | null }>>;
  readonly resources: Readonly<Record<string, string>>;
  /** How the Docker Engine is; absent while no container is wanted, and from an older daemon. */
  readonly docker?: { readonly ok: boolean; readonly sentence: string };
}
