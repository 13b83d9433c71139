import { WindlassError } from "../../../error.js";
import { ExportRequest, ExportResponse, Status, type WireRequest } from "./messages.js";

/** The two encodings of OTLP/HTTP; an answer comes in the request's. */
export type Encoding = "protobuf" | "json";

export const CONTENT_TYPE = { protobuf: "application/x-protobuf", json: "application/json" } as const;

/** Null: none of the two. */
export function encodingOf(contentType: string | null): Encoding | null {
  const type = contentType?.split(";")[0]?.trim().toLowerCase();
  if (type === CONTENT_TYPE.protobuf) return "protobuf";
  return type === CONTENT_TYPE.json ? "json" : null;
}

/** Rejects what is no ExportMetricsServiceRequest with `otlp-malformed`. Numbers of 64 bits become doubles. */
export function decodeRequest(body: Uint8Array, encoding: Encoding): WireRequest {
  try {
    const message = encoding === "protobuf" ? ExportRequest.decode(body) : ExportRequest.fromObject(parsed(body));
    return ExportRequest.toObject(message, { longs: Number, enums: Number, oneofs: false }) as WireRequest;
  } catch (cause) {
    throw new WindlassError("otlp-malformed", `the body is no ExportMetricsServiceRequest in ${encoding}`, { cause });
  }
}

/** Nothing rejected is an empty message: OTLP wants `partial_success` unset then. */
export function encodeResponse(rejected: number, errorMessage: string, encoding: Encoding): Uint8Array<ArrayBuffer> {
  if (rejected === 0) return encode(ExportResponse, {}, encoding);
  // 64-bit integers are strings in protobuf's JSON.
  const partialSuccess = { rejectedDataPoints: encoding === "json" ? String(rejected) : rejected, errorMessage };
  return encode(ExportResponse, { partialSuccess }, encoding);
}

/** `google.rpc.Status`, the body of every error. */
export function encodeStatus(code: number, message: string, encoding: Encoding): Uint8Array<ArrayBuffer> {
  return encode(Status, { code, message }, encoding);
}

function encode(type: typeof Status, value: object, encoding: Encoding): Uint8Array<ArrayBuffer> {
  if (encoding === "json") return new TextEncoder().encode(JSON.stringify(value));
  return new Uint8Array(type.encode(type.fromObject(value)).finish());
}

function parsed(body: Uint8Array): Record<string, unknown> {
  const json: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  if (typeof json !== "object" || json === null || Array.isArray(json)) throw new TypeError("not an object");
  return json as Record<string, unknown>;
}
