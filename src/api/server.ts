import { type Context, Hono } from "hono";
import type { z } from "zod";
import type { ControlPlane } from "../engine/control-plane.js";
import { WindlassError } from "../error.js";
import { errorAnswer, jsonAnswer, presentable } from "./answer.js";
import { readJson } from "./body.js";
import { guard } from "./guard.js";
import { openApiDocument } from "./openapi.js";
import { HEARTBEAT_MS, MAX_ARTEFACT_BYTES } from "./protocol.js";
import type { StreamLimits } from "./pump.js";
import type { ApiLog, Route, Surroundings } from "./route.js";
import { ROUTES } from "./routes.js";

export interface ApiOptions {
  readonly log: ApiLog;
  /** Ends every stream; the server closes. */
  readonly closing?: AbortSignal;
  /** Bounds of streams; 10 s, 256 KiB and 30 s unless told. */
  readonly limits?: Partial<StreamLimits>;
  /** 2 GiB unless told. */
  readonly maxArtefactBytes?: number;
}

const LIMITS: StreamLimits = { heartbeatMs: HEARTBEAT_MS, bufferBytes: 256 * 1024, stallMs: 30_000 };

/** The control plane over HTTP. Answers are JSON; failures are `{"error": …}` with the code also in a header. */
export function createApi(plane: ControlPlane, options: ApiOptions): Hono {
  const { log, closing = new AbortController().signal, maxArtefactBytes = MAX_ARTEFACT_BYTES } = options;
  const shared = { plane, log, closing, maxArtefactBytes, limits: { ...LIMITS, ...options.limits } };
  const app = new Hono();
  app.use(guard);
  for (const route of ROUTES) {
    const handle = (context: Context) => answer(route, { ...shared, context });
    // Hono answers HEAD by the handler of GET, without its body.
    app.on(route.method === "head" ? "GET" : route.method.toUpperCase(), honoPath(route.path), handle);
  }
  app.get("/v1/openapi.json", () => jsonAnswer(openApiDocument(ROUTES)));
  app.notFound((context) =>
    errorAnswer(
      new WindlassError("api-route-unknown", `there is no ${context.req.method} ${context.req.path}`, {
        hint: "/v1/openapi.json lists what there is",
      }),
    ),
  );
  app.onError((error, context) =>
    errorAnswer(presentable(error, log, `${context.req.method} ${context.req.routePath}`)),
  );
  return app;
}

async function answer(route: Route, around: Surroundings): Promise<Response> {
  const { req } = around.context;
  const path = valid(route.parameters, req.param(), "path");
  const query = valid(route.query, req.query(), "query");
  const body =
    route.body === null || route.body === "bytes" ? undefined : valid(route.body, await readJson(req.raw), "body");
  return route.handle({ path, query, body }, around);
}

/** Every problem, with its place and without the value: that may be a secret. */
function valid(schema: z.ZodType, value: unknown, part: string): unknown {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues.slice(0, 50).map((issue) => ({
    path: [part, ...issue.path.map(String)].join("."),
    message: issue.message,
  }));
  const [first] = problems;
  throw new WindlassError("api-invalid-request", `${first?.path}: ${first?.message}`, {
    hint: "/v1/openapi.json describes every request",
    facts: { problems },
  });
}

export function honoPath(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ":$1");
}
