import { canonicalJson } from "../../spec/canonical-json.js";
import type { Labels } from "./labels.js";
import { API_VERSIONS, type Kind, type RenderedObject } from "./object.js";

/** What JSON can say; a member that is `undefined` is left out. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [name: string]: Json | undefined;
}

export interface Naming {
  readonly name: string;
  /** Absent: an object of the whole cluster. */
  readonly namespace?: string;
  readonly labels: Labels;
  readonly annotations?: Labels;
}

/** An object with its keys in canonical order, so that the same content is the same bytes. */
export function rendered(kind: Kind, metadata: Naming, body: JsonObject): RenderedObject {
  return JSON.parse(canonicalJson({ apiVersion: API_VERSIONS[kind], kind, metadata, ...body })) as RenderedObject;
}
