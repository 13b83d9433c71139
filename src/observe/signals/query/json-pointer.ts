import { quoted, unanswered } from "../unanswered.js";

/** The value at a JSON pointer (RFC 6901); undefined: there is none. Rejects what is no pointer. */
export function at(pointer: string, document: unknown): unknown {
  if (pointer === "") return document;
  if (!pointer.startsWith("/") || /~(?![01])/.test(pointer))
    throw unanswered(`${quoted(JSON.stringify(pointer))} is no JSON pointer: it looks like /requests/total`);
  let value: unknown = document;
  for (const written of pointer.slice(1).split("/")) {
    const token = written.replaceAll("~1", "/").replaceAll("~0", "~");
    if (Array.isArray(value)) value = /^(0|[1-9]\d*)$/.test(token) ? value[Number(token)] : undefined;
    else if (typeof value === "object" && value !== null)
      value = Object.hasOwn(value, token) ? (value as Record<string, unknown>)[token] : undefined;
    else return undefined;
  }
  return value;
}

/** A name as one step of a pointer. */
export function pointerToken(name: string): string {
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
}
