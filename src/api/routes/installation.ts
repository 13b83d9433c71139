import { z } from "zod";
import { jsonAnswer, presentable } from "../answer.js";
import { route } from "../route.js";
import { about, finding, nothing } from "../schema/answers.js";
import { component } from "../schema/component.js";
import { noQuery } from "./environments.js";

const nowhere = z.strictObject({});

/** Stopping waits for connections to end, and this answer is one of them. */
const STOP_ANSWER_MS = 500;

const stop = component("Stop", z.strictObject({ everything: z.boolean().default(false) }));

export const installationRoutes = [
  route({
    id: "about",
    method: "get",
    path: "/v1/about",
    summary: "Version, protocol and process of the control plane.",
    parameters: nowhere,
    query: noQuery,
    body: null,
    answers: { 200: { description: "About it.", schema: about } },
    handle: async (_, { plane }) => jsonAnswer(await plane.about()),
  }),
  route({
    id: "doctor",
    method: "get",
    path: "/v1/doctor",
    summary: "What is well on this machine, and what is not.",
    parameters: nowhere,
    query: noQuery,
    body: null,
    answers: { 200: { description: "The findings.", schema: z.array(finding) } },
    handle: async (_, { plane }) => jsonAnswer(await plane.doctor()),
  }),
  route({
    id: "stop",
    method: "post",
    path: "/v1/stop",
    summary: "Ends the control plane; replicas and the edge go on, unless `everything` is to end.",
    parameters: nowhere,
    query: noQuery,
    body: stop,
    answers: { 202: { description: "It stops; it has stopped when its socket is dead.", schema: nothing } },
    handle: async ({ body }, { plane, log }) => {
      const stopping = plane.stop(body);
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(() => {
          stopping.catch((error: unknown) => presentable(error, log, "stop"));
          resolve();
        }, STOP_ANSWER_MS);
        stopping.then(resolve, reject).finally(() => clearTimeout(timer));
      });
      return jsonAnswer({}, 202);
    },
  }),
];
