import { z } from "zod";
import type { EventRecord } from "../../core/model/event.js";
import { jsonAnswer } from "../answer.js";
import { route } from "../route.js";
import { backup, checkpoint, eventRecord, ledgerVerdict, proof } from "../schema/answers.js";
import { component } from "../schema/component.js";
import { text, wholeNumber } from "../schema/scalars.js";
import { streamFrom } from "../stream.js";
import { noQuery } from "./environments.js";
import { jsonLines } from "./streams.js";

const nowhere = z.strictObject({});
const verifyRequest = component("VerifyRequest", z.strictObject({ pinned: text(65_536).nullable() }));
const backupRequest = component(
  "BackupRequest",
  z.strictObject({
    path: text(4_096).regex(/^\/[^\0]*$/, { error: "an absolute path on the control plane's machine" }),
  }),
);

export const ledgerRoutes = [
  route({
    id: "verifyLedger",
    method: "post",
    path: "/v1/ledger/verify",
    summary: "Checks every record, and the whole against a checkpoint that the caller pinned.",
    parameters: nowhere,
    query: noQuery,
    body: verifyRequest,
    answers: { 200: { description: "The verdict.", schema: ledgerVerdict } },
    handle: async ({ body }, { plane }) => jsonAnswer(await plane.ledger.verify(body.pinned)),
  }),
  route({
    id: "proveEvent",
    method: "get",
    path: "/v1/ledger/events/{sequence}/proof",
    summary: "A proof that an event is in the ledger, checkable offline.",
    parameters: z.strictObject({ sequence: wholeNumber }),
    query: noQuery,
    body: null,
    answers: { 200: { description: "The proof document.", schema: proof } },
    handle: async ({ path }, { plane }) => jsonAnswer(await plane.ledger.prove(path.sequence)),
  }),
  route({
    id: "checkpoint",
    method: "get",
    path: "/v1/ledger/checkpoint",
    summary: "The signed head of the ledger, to pin somewhere else.",
    parameters: nowhere,
    query: noQuery,
    body: null,
    answers: { 200: { description: "A C2SP signed note.", schema: checkpoint } },
    handle: async (_, { plane }) => jsonAnswer(await plane.ledger.checkpoint()),
  }),
  route({
    id: "exportLedger",
    method: "get",
    path: "/v1/ledger/export",
    summary: "Every event, one JSON object per line, in order; empty lines are heartbeats.",
    parameters: nowhere,
    query: noQuery,
    body: null,
    answers: { 200: { description: "The events.", schema: eventRecord, media: "application/x-ndjson" } },
    handle: async (_, around) =>
      streamFrom((signal) => around.plane.ledger.export(signal), jsonLines<EventRecord>(around.log, "export"), around),
  }),
  route({
    id: "backupLedger",
    method: "post",
    path: "/v1/ledger/backup",
    summary: "Writes a consistent copy on the control plane's machine.",
    parameters: nowhere,
    query: noQuery,
    body: backupRequest,
    answers: { 200: { description: "What was written.", schema: backup } },
    handle: async ({ body }, { plane }) => jsonAnswer(await plane.ledger.backup(body.path)),
  }),
];
