import { z } from "zod";
import type { Update } from "../../engine/control-plane.js";
import { WindlassError } from "../../error.js";
import type { LogLine } from "../../ports/target.js";
import { errorLine, presentable } from "../answer.js";
import type { StreamForm } from "../pump.js";
import { type ApiLog, route } from "../route.js";
import { logLine } from "../schema/answers.js";
import { flag, name, wholeNumber, word } from "../schema/scalars.js";
import { update } from "../schema/view.js";
import { streamFrom } from "../stream.js";
import { ENVIRONMENT, inEnvironment, keyOf } from "./environments.js";

export const streamRoutes = [
  route({
    id: "follow",
    method: "get",
    path: `${ENVIRONMENT}/follow`,
    summary: "Server-sent events: the view now and after each change, and each event after `version`.",
    parameters: inEnvironment,
    query: z.strictObject({ version: wholeNumber.optional() }),
    body: null,
    answers: {
      200: {
        description:
          "`event: event` with the version as id (send it back as Last-Event-ID), `event: view`, `event: error`.",
        schema: update,
        media: "text/event-stream",
      },
    },
    handle: async ({ path, query }, around) => {
      const last = wholeNumber.safeParse(around.context.req.header("last-event-id") ?? "");
      const version = last.success ? last.data : (query.version ?? 0);
      const source = (signal: AbortSignal) => around.plane.follow(keyOf(path), version, signal);
      return streamFrom(source, serverSentEvents(version, around.log), around);
    },
  }),
  route({
    id: "logs",
    method: "get",
    path: `${ENVIRONMENT}/logs`,
    summary: "What replicas printed, one JSON object per line; empty lines are heartbeats.",
    parameters: inEnvironment,
    query: z.strictObject({
      service: name.optional(),
      replica: word.optional(),
      lines: wholeNumber.optional(),
      follow: flag.optional(),
    }),
    body: null,
    answers: {
      200: {
        description: "The last `lines` of each replica; with `follow` also what comes.",
        schema: logLine,
        media: "application/x-ndjson",
      },
    },
    handle: async ({ path, query }, around) => {
      const asked = {
        service: query.service ?? null,
        replica: query.replica ?? null,
        lines: Math.min(query.lines ?? 100, 100_000),
        follow: query.follow ?? false,
      };
      const source = (signal: AbortSignal) => around.plane.logs(keyOf(path), asked, signal);
      return streamFrom(source, jsonLines<LogLine>(around.log, "logs"), around);
    },
  }),
];

/** One JSON value per line; a failure after the first of them is a last line `{"error": …}`. */
export function jsonLines<T>(log: ApiLog, where: string): StreamForm<T> {
  return {
    media: "application/x-ndjson",
    heartbeat: "\n",
    item: (item) => `${JSON.stringify(item)}\n`,
    failure: (error) => `${JSON.stringify(errorLine(presentable(error, log, where)))}\n`,
  };
}

/** A view has no id, so that a reader that comes back names the last event that it saw. */
function serverSentEvents(version: number, log: ApiLog): StreamForm<Update> {
  let seen = version;
  return {
    media: "text/event-stream",
    heartbeat: ": still here\n\n",
    item: (item) => {
      if (item.kind === "view") return `event: view\ndata: ${JSON.stringify(item)}\n\n`;
      const found = item.event.version;
      // The engine drops what a slow reader left lying: a gap is not passed on, the reader comes back and reads it.
      if (found > seen + 1)
        throw new WindlassError("follow-gap", `you were too slow: events ${seen + 1} to ${found - 1} are not here`, {
          retry: "safe",
        });
      seen = Math.max(seen, found);
      return `event: event\nid: ${found}\ndata: ${JSON.stringify(item)}\n\n`;
    },
    failure: (error) => `event: error\ndata: ${JSON.stringify(errorLine(presentable(error, log, "follow")))}\n\n`,
  };
}
