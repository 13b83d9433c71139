import { z } from "zod";
import type { CommandOutcome } from "../../core/deployment/outcome.js";
import type { EventRecord } from "../../core/model/event.js";
import type { Block } from "../../core/model/judgement.js";
import type { About, Finding, LedgerVerdict } from "../../engine/control-plane.js";
import type { Plan } from "../../plan/plan.js";
import type { LogLine } from "../../ports/target.js";
import { component, type Same } from "./component.js";

/** What the control plane answers. It is not validated on the way out; tests hold it to this. */
export const failure = component(
  "Failure",
  z.object({
    error: z.object({
      code: z.string(),
      message: z.string(),
      retry: z.enum(["never", "safe", "after-refresh"]),
      hint: z.string().optional(),
      docs: z.string().optional(),
      cause: z.string().optional(),
      facts: z.record(z.string(), z.unknown()).optional(),
    }),
  }),
);

export const about = component(
  "About",
  z.object({ version: z.string(), protocol: z.int(), pid: z.int(), home: z.string() }),
);

export const eventRecord = component(
  "EventRecord",
  z.object({
    stream: z.string(),
    version: z.int(),
    sequence: z.int(),
    type: z.string(),
    data: z.unknown(),
    at: z.number(),
    wall: z.string(),
    by: z.string(),
    key: z.string().nullable(),
  }),
);

const refusal = z.object({
  code: z.string(),
  message: z.string(),
  hint: z.string(),
  retry: z.enum(["never", "safe", "after-refresh"]),
});

export const acceptance = component(
  "Accepted",
  z.object({
    kind: z.literal("accepted"),
    events: z.array(z.object({ type: z.string(), data: z.unknown() })),
    deployment: z.string().nullable(),
    note: z.string(),
  }),
);

export const refused = component("Refused", z.object({ kind: z.literal("refused"), refusal }));

const said = z.object({ code: z.string(), sentence: z.string(), hint: z.string() });

export const plan = component(
  "Plan",
  z.object({
    environment: z.string(),
    from: z.object({ id: z.string(), label: z.string() }).nullable(),
    to: z.object({ label: z.string(), digest: z.string() }),
    services: z.array(
      z.object({
        service: z.string(),
        action: z.enum(["create", "roll-out", "keep", "remove"]),
        because: z.array(z.string()),
        how: z.string(),
        risk: z.enum(["low", "medium", "high"]),
        why: z.string(),
      }),
    ),
    resources: z.array(
      z.object({ name: z.string(), action: z.enum(["create", "keep", "change", "remove"]), why: z.string() }),
    ),
    obstacles: z.array(said),
    warnings: z.array(said).exactOptional(),
    changes: z.boolean(),
  }),
);

const open = z.record(z.string(), z.unknown());

/** Read by this version's own renderer only, so its parts are not described. */
export const intent = component(
  "Intent",
  z.object({
    services: z.record(z.string(), open),
    resources: z.record(z.string(), open),
    tasks: z.array(open),
    kubernetes: open.exactOptional(),
  }),
  "Everything that should be true of one environment, by service; `kubernetes` where that is its target.",
);

export const block = component(
  "Block",
  z.object({
    at: z.number(),
    group: z.string(),
    replica: z.string(),
    total: z.number(),
    errors: z.number(),
    slow: z.number(),
    restarts: z.number(),
    latencies: z.record(z.string(), z.number()).exactOptional(),
  }),
  "What one replica answered in one second, minute or hour, which begins at `at`.",
);

export const logLine = component(
  "LogLine",
  z.object({
    service: z.string(),
    replica: z.string(),
    stream: z.enum(["stdout", "stderr", "windlass"]),
    text: z.string(),
  }),
);

export const ledgerVerdict = component(
  "LedgerVerdict",
  z.object({
    ok: z.boolean(),
    events: z.int(),
    findings: z.array(z.object({ code: z.string(), sequence: z.int().nullable(), sentence: z.string() })),
    checkpoint: z.string(),
  }),
);

export const checkpoint = component("Checkpoint", z.object({ note: z.string(), verifierKey: z.string() }));
export const backup = component("Backup", z.object({ path: z.string(), events: z.int(), note: z.string() }));
export const proof = component("Proof", z.unknown(), "A proof document, checkable offline with the public key.");

export const finding = component(
  "Finding",
  z.object({ check: z.string(), ok: z.boolean(), sentence: z.string(), hint: z.string().nullable() }),
);

export const nothing = component("Nothing", z.object({}));

/** A difference between these schemas and the contract does not compile. */
export const inStep: readonly true[] = [
  true satisfies Same<z.output<typeof about>, About>,
  true satisfies Same<z.output<typeof eventRecord>, EventRecord>,
  true satisfies Same<z.output<typeof refused>, Extract<CommandOutcome, { kind: "refused" }>>,
  true satisfies Same<z.output<typeof plan>, Plan>,
  true satisfies Same<z.output<typeof block>, Block>,
  true satisfies Same<z.output<typeof logLine>, LogLine>,
  true satisfies Same<z.output<typeof ledgerVerdict>, LedgerVerdict>,
  true satisfies Same<z.output<typeof finding>, Finding>,
];
