import { z } from "zod";
import { WindlassError } from "../../error.js";
import { emptyAnswer, jsonAnswer } from "../answer.js";
import { readBytes } from "../body.js";
import { route } from "../route.js";
import { nothing } from "../schema/answers.js";
import { sha256 } from "../schema/scalars.js";
import { noQuery } from "./environments.js";

const byDigest = z.strictObject({ digest: sha256 });

export const artefactRoutes = [
  route({
    id: "hasArtefact",
    method: "head",
    path: "/v1/artefacts/{digest}",
    summary: "Whether the artefact is here.",
    parameters: byDigest,
    query: noQuery,
    body: null,
    answers: { 200: { description: "It is.", schema: null }, 404: { description: "It is not.", schema: null } },
    handle: async ({ path }, { plane, context }) => {
      if (context.req.method !== "HEAD")
        throw new WindlassError("api-method-refused", "artefacts are not read back", { hint: "ask with HEAD" });
      return emptyAnswer((await plane.hasArtefact(path.digest)) ? 200 : 404);
    },
  }),
  route({
    id: "putArtefact",
    method: "put",
    path: "/v1/artefacts/{digest}",
    summary: "Stores an artefact. Bytes with another digest are refused.",
    parameters: byDigest,
    query: noQuery,
    body: "bytes",
    answers: { 200: { description: "It is on the disk.", schema: nothing } },
    handle: async ({ path }, { plane, context, maxArtefactBytes }) => {
      const bytes = readBytes(context.req.raw, maxArtefactBytes);
      try {
        await plane.putArtefact(path.digest, bytes);
      } catch (error) {
        // The limit is the first cause, whatever the store made of its broken stream.
        throw bytes.errored instanceof WindlassError ? bytes.errored : error;
      } finally {
        bytes.destroy();
      }
      return jsonAnswer({});
    },
  }),
];
