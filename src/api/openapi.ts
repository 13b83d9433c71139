import { z } from "zod";
import { API_PROTOCOL } from "./protocol.js";
import type { AnswerSpec, Route } from "./route.js";
import { failure } from "./schema/answers.js";
import { components } from "./schema/component.js";

type Json = Record<string, unknown>;

/** The OpenAPI 3.1 document, from the same schemas that validate. */
export function openApiDocument(routes: readonly Route[]): Json {
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    paths[route.path] ??= {};
    Object.assign(paths[route.path] as Json, { [route.method]: operation(route) });
  }
  paths["/v1/openapi.json"] = {
    get: { operationId: "openApi", summary: "This document.", responses: { 200: { description: "OpenAPI 3.1." } } },
  };
  return {
    openapi: "3.1.0",
    info: {
      title: "Windlass control plane",
      version: String(API_PROTOCOL),
      description: "HTTP on a Unix socket that only its owner can open. Errors are `Failure`, whatever the status.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "http://localhost", description: "The control plane's socket." }],
    paths,
    components: { schemas: componentSchemas() },
  };
}

function operation(route: Route): Json {
  const parameters = [
    ...Object.entries(route.parameters.shape).map(([name, schema]) => parameter(name, "path", schema)),
    ...Object.entries(route.query.shape).map(([name, schema]) => parameter(name, "query", schema)),
  ];
  const responses = Object.fromEntries(Object.entries(route.answers).map(([status, spec]) => [status, response(spec)]));
  return {
    operationId: route.id,
    summary: route.summary,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(route.body === null ? {} : { requestBody: { required: true, content: bodyContent(route.body) } }),
    responses: { ...responses, default: response({ description: "It went wrong.", schema: failure }) },
  };
}

function bodyContent(body: z.ZodType | "bytes"): Json {
  if (body === "bytes") return { "application/octet-stream": {} };
  return { "application/json": { schema: reference(body) } };
}

function response(spec: AnswerSpec): Json {
  if (spec.schema === null) return { description: spec.description };
  return {
    description: spec.description,
    content: { [spec.media ?? "application/json"]: { schema: reference(spec.schema) } },
  };
}

function parameter(name: string, place: "path" | "query", schema: z.ZodType): Json {
  const { $schema: _, ...plain } = z.toJSONSchema(schema, { io: "input", metadata: z.registry<object>() }) as Json;
  return { name, in: place, required: place === "path", schema: plain };
}

function reference(schema: z.ZodType): Json {
  const id = components.get(schema)?.id;
  if (id !== undefined) return { $ref: `#/components/schemas/${id}` };
  if (schema instanceof z.ZodArray) return { type: "array", items: reference(schema.element as z.ZodType) };
  throw new TypeError("a body or an answer without a name: give it one with component()");
}

function componentSchemas(): Json {
  const { schemas } = z.toJSONSchema(components, { io: "input", uri: (id) => `#/components/schemas/${id}` });
  return Object.fromEntries(
    Object.entries(schemas)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([id, schema]) => {
        const { $schema: _, $id: __, ...plain } = schema as Json;
        return [id, plain];
      }),
  );
}
