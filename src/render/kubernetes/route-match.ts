import type { RouteMatch } from "../../spec/compiled.js";
import type { JsonObject } from "./rendered.js";

/** The header match of an HTTPRoute that says the same as a route of the spec. */
export function headerMatchOf(match: RouteMatch): JsonObject {
  if (match.kind === "cookie") return cookieMatch(match.name, escaped(match.value));
  if (match.mode === "exact") return { type: "Exact", name: match.name, value: match.value };
  return { type: "RegularExpression", name: match.name, value: `^.*${escaped(match.value)}.*$` };
}

/** `value` is an expression. Some gateways match a whole header and some look in it, so the whole is written. */
export function cookieMatch(name: string, value: string): JsonObject {
  return { type: "RegularExpression", name: "Cookie", value: `^(.*;\\s*)?${escaped(name)}=(${value})(\\s*;.*)?$` };
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
