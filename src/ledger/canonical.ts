import { WindlassError } from "../error.js";

/**
 * JSON with sorted keys and no white space: equal values give equal bytes (RFC 8785 for what JSON can say).
 * Properties that are undefined are left out, as JSON does; whatever else is not plain JSON is refused
 * (`ledger-event-invalid`) instead of being turned into null.
 */
export function canonicalJson(value: unknown): string {
  switch (typeof value) {
    case "string":
    case "boolean":
      return JSON.stringify(value);
    case "number":
      if (Number.isFinite(value)) return JSON.stringify(value);
      break;
    case "object":
      if (value === null) return "null";
      if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
      return objectJson(value as Record<string, unknown>);
    default:
  }
  throw new WindlassError("ledger-event-invalid", `An event holds a value that JSON cannot say: ${String(value)}.`);
}

function objectJson(object: Record<string, unknown>): string {
  const members: string[] = [];
  for (const key of Object.keys(object).sort()) {
    const value = object[key];
    if (value !== undefined) members.push(`${JSON.stringify(key)}:${canonicalJson(value)}`);
  }
  return `{${members.join(",")}}`;
}
