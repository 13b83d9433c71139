import type { Context } from "hono";
import type { z } from "zod";
import type { ControlPlane } from "../engine/control-plane.js";
import type { StreamLimits } from "./pump.js";

export type ApiLog = (level: "info" | "warn" | "error", message: string, facts?: Record<string, unknown>) => void;

/** What a handler has besides its validated input. */
export interface Surroundings {
  readonly plane: ControlPlane;
  readonly context: Context;
  readonly log: ApiLog;
  readonly limits: StreamLimits;
  readonly maxArtefactBytes: number;
  /** Ends every stream when the server closes. */
  readonly closing: AbortSignal;
}

export interface AnswerSpec {
  readonly description: string;
  /** Of each item when the media type is a stream; null: no body. */
  readonly schema: z.ZodType | null;
  readonly media?: "application/json" | "application/x-ndjson" | "text/event-stream";
}

interface Input<P, Q, B> {
  readonly path: P;
  readonly query: Q;
  readonly body: B;
}

/** One route: the server serves it, the OpenAPI document and the reference page list it. */
export interface Route {
  /** `operationId`. */
  readonly id: string;
  readonly method: "get" | "head" | "post" | "put";
  /** With parameters in braces: `/v1/artefacts/{digest}`. */
  readonly path: string;
  readonly summary: string;
  readonly parameters: z.ZodObject;
  readonly query: z.ZodObject;
  /** `bytes`: not read before the handler does. */
  readonly body: z.ZodType | "bytes" | null;
  readonly answers: Readonly<Record<number, AnswerSpec>>;
  readonly handle: (input: Input<unknown, unknown, unknown>, around: Surroundings) => Promise<Response>;
}

interface TypedRoute<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType | "bytes" | null>
  extends Omit<Route, "parameters" | "query" | "body" | "handle"> {
  readonly parameters: P;
  readonly query: Q;
  readonly body: B;
  readonly handle: (
    input: Input<z.output<P>, z.output<Q>, B extends z.ZodType ? z.output<B> : undefined>,
    around: Surroundings,
  ) => Promise<Response>;
}

/** The handler sees its input typed; the table, where every route has the same type, does not. */
export function route<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType | "bytes" | null>(
  typed: TypedRoute<P, Q, B>,
): Route {
  return typed as unknown as Route;
}
