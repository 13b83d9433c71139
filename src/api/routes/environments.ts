import { z } from "zod";
import { jsonAnswer } from "../answer.js";
import { route } from "../route.js";
import { acceptance, block, eventRecord, intent, nothing, plan, refused } from "../schema/answers.js";
import { commandEnvelope, planRequest } from "../schema/command.js";
import { component } from "../schema/component.js";
import { name, revisionId, secretName, wholeNumber } from "../schema/scalars.js";
import { environmentView, rollbackPreview } from "../schema/view.js";

export const inEnvironment = z.strictObject({ system: name, environment: name });
export const ENVIRONMENT = "/v1/systems/{system}/environments/{environment}";
export const noQuery = z.strictObject({});

export function keyOf(path: z.output<typeof inEnvironment>): string {
  return `${path.system}/${path.environment}`;
}

const secrets = component(
  "Secrets",
  z.strictObject({ values: z.record(secretName, z.string().max(65_536).nullable()) }),
  "Values by name; null removes one.",
);

export const environmentRoutes = [
  route({
    id: "environments",
    method: "get",
    path: "/v1/environments",
    summary: "Every environment as it is now.",
    parameters: z.strictObject({}),
    query: noQuery,
    body: null,
    answers: { 200: { description: "The views.", schema: z.array(environmentView) } },
    handle: async (_, { plane }) => jsonAnswer(await plane.environments()),
  }),
  route({
    id: "environment",
    method: "get",
    path: ENVIRONMENT,
    summary: "One environment as it is now.",
    parameters: inEnvironment,
    query: noQuery,
    body: null,
    answers: { 200: { description: "The view.", schema: environmentView } },
    handle: async ({ path }, { plane }) => jsonAnswer(await plane.environment(keyOf(path))),
  }),
  route({
    id: "intent",
    method: "get",
    path: `${ENVIRONMENT}/intent`,
    summary: "What the target is told now: groups, weights, routes, resources. Secrets are names.",
    parameters: inEnvironment,
    query: noQuery,
    body: null,
    answers: { 200: { description: "The intent.", schema: intent } },
    handle: async ({ path }, { plane }) => jsonAnswer(await plane.intent(keyOf(path))),
  }),
  route({
    id: "command",
    method: "post",
    path: `${ENVIRONMENT}/commands`,
    summary: "Asks for something: deploy, rollback, advance, pause, resume, abort, hold, unhold, scale, down.",
    parameters: inEnvironment,
    query: noQuery,
    body: commandEnvelope,
    answers: {
      200: { description: "Accepted; the events are on the disk.", schema: acceptance },
      409: { description: "Refused, and what would change that.", schema: refused },
    },
    handle: async ({ path, body }, { plane }) => {
      const outcome = await plane.command(keyOf(path), body);
      return jsonAnswer(outcome, outcome.kind === "refused" ? 409 : 200);
    },
  }),
  route({
    id: "plan",
    method: "post",
    path: `${ENVIRONMENT}/plan`,
    summary: "What deploying a release would change, and why; changes nothing.",
    parameters: inEnvironment,
    query: noQuery,
    body: planRequest,
    answers: { 200: { description: "The plan.", schema: plan } },
    handle: async ({ path, body }, { plane }) =>
      jsonAnswer(await plane.plan(keyOf(path), body.release, body.environment)),
  }),
  route({
    id: "previewRollback",
    method: "get",
    path: `${ENVIRONMENT}/rollback-preview`,
    summary: "What a rollback would do, and what it would not take back; changes nothing.",
    parameters: inEnvironment,
    query: z.strictObject({ to: revisionId.optional() }),
    body: null,
    answers: { 200: { description: "The preview.", schema: rollbackPreview } },
    handle: async ({ path, query }, { plane }) =>
      jsonAnswer(await plane.previewRollback(keyOf(path), query.to ?? null)),
  }),
  route({
    id: "history",
    method: "get",
    path: `${ENVIRONMENT}/history`,
    summary: "Events after a version, oldest first.",
    parameters: inEnvironment,
    query: z.strictObject({
      version: wholeNumber.optional(),
      limit: wholeNumber.optional(),
    }),
    body: null,
    answers: { 200: { description: "At most `limit` events, 10,000 in all.", schema: z.array(eventRecord) } },
    handle: async ({ path, query }, { plane }) =>
      jsonAnswer(await plane.history(keyOf(path), query.version ?? 0, Math.min(query.limit ?? 1_000, 10_000))),
  }),
  route({
    id: "series",
    method: "get",
    path: `${ENVIRONMENT}/series`,
    summary: "Counts of one service in a span of engine time, oldest first; kept for two hours by the second.",
    parameters: inEnvironment,
    query: z.strictObject({
      service: name,
      from: wholeNumber,
      to: wholeNumber,
      resolution: z.enum(["second", "minute", "hour"]),
    }),
    body: null,
    answers: { 200: { description: "At most 3,600 blocks of time.", schema: z.array(block) } },
    handle: async ({ path, query }, { plane }) => jsonAnswer(await plane.series(keyOf(path), query)),
  }),
  route({
    id: "putSecrets",
    method: "put",
    path: `${ENVIRONMENT}/secrets`,
    summary: "Sets or removes secrets. They go to the target alone and are never read back.",
    parameters: inEnvironment,
    query: noQuery,
    body: secrets,
    answers: { 200: { description: "The target has them.", schema: nothing } },
    handle: async ({ path, body }, { plane }) => {
      await plane.putSecrets(keyOf(path), body.values);
      return jsonAnswer({});
    },
  }),
];
