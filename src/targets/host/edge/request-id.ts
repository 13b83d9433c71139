import { randomBytes } from "node:crypto";

/** Unique per process start; a counter after it is enough and costs nothing per request. */
const prefix = randomBytes(9).toString("base64url");
let counter = 0;

const WELL_FORMED = /^[\w.:+/=@-]{1,128}$/;

/** The client's id when it is harmless to log and to pass on, else a new one. */
export function requestIdOf(header: string | readonly string[] | undefined): string {
  if (typeof header === "string" && WELL_FORMED.test(header)) return header;
  counter += 1;
  return `${prefix}-${counter.toString(36)}`;
}
