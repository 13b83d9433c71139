/** What a header is to a proxy (RFC 9110, 7.6.1). */
const PASS = 0;
const DROP = 1;
const CONNECTION = 2;
const REQUEST_ID = 3;
const LENGTH = 4;

const REQUEST = new Map<string, number>([
  ["connection", CONNECTION],
  ["keep-alive", DROP],
  ["proxy-connection", DROP],
  ["transfer-encoding", DROP],
  ["te", DROP],
  ["trailer", DROP],
  ["upgrade", DROP],
  ["http2-settings", DROP],
  ["expect", DROP],
  // The edge is the first hop: what a client claims about hops before it is not passed on.
  ["forwarded", DROP],
  ["x-forwarded-for", DROP],
  ["x-forwarded-proto", DROP],
  ["x-forwarded-host", DROP],
  ["x-forwarded-port", DROP],
  ["x-real-ip", DROP],
  ["x-request-id", REQUEST_ID],
]);

const RESPONSE = new Map<string, number>([
  ["connection", CONNECTION],
  ["keep-alive", DROP],
  ["proxy-connection", DROP],
  ["transfer-encoding", DROP],
  ["te", DROP],
  ["trailer", DROP],
  ["upgrade", DROP],
  ["x-request-id", DROP],
  ["content-length", LENGTH],
]);

/** Names as they are spelt on the wire, so that the common ones are not lower-cased for each request. */
class Spellings {
  readonly #meanings: ReadonlyMap<string, number>;
  readonly #seen = new Map<string, number>();

  constructor(meanings: ReadonlyMap<string, number>) {
    this.#meanings = meanings;
  }

  meaning(name: string): number {
    const known = this.#seen.get(name);
    if (known !== undefined) return known;
    const meaning = this.#meanings.get(name.toLowerCase()) ?? PASS;
    if (this.#seen.size < 512) this.#seen.set(name, meaning);
    return meaning;
  }
}

const request = new Spellings(REQUEST);
const response = new Spellings(RESPONSE);

/** The flat raw headers for the replica: end-to-end ones as they came, and who asked. */
export function requestHeaders(
  raw: readonly string[],
  remoteAddress: string,
  protocol: "http" | "https",
  host: string | undefined,
  requestId: string,
): string[] {
  const headers: string[] = [];
  let connection: string | null = null;
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at] as string;
    const value = raw[at + 1] as string;
    const meaning = request.meaning(name);
    if (meaning === PASS) headers.push(name, value);
    else if (meaning === CONNECTION) connection = connection === null ? value : `${connection},${value}`;
  }
  headers.push("x-forwarded-for", remoteAddress, "x-forwarded-proto", protocol);
  if (host !== undefined) headers.push("x-forwarded-host", host);
  headers.push("x-request-id", requestId);
  return named(connection) ? withoutNamed(headers, connection as string) : headers;
}

/** The flat raw headers for the client, and the announced length of the body (-1: none). */
export function responseHeaders(
  raw: readonly (Buffer | string)[],
  requestId: string,
): { readonly headers: string[]; readonly length: number } {
  const headers: string[] = [];
  let connection: string | null = null;
  let length = -1;
  for (let at = 0; at < raw.length; at += 2) {
    const name = text(raw[at]);
    const meaning = response.meaning(name);
    if (meaning === DROP) continue;
    const value = text(raw[at + 1]);
    if (meaning === CONNECTION) connection = connection === null ? value : `${connection},${value}`;
    else {
      if (meaning === LENGTH) length = Number(value);
      headers.push(name, value);
    }
  }
  headers.push("x-request-id", requestId);
  return { headers: named(connection) ? withoutNamed(headers, connection as string) : headers, length };
}

/** Node's parser gives raw headers as latin1, and so must they go out. */
const text = (part: Buffer | string | undefined): string =>
  typeof part === "string" ? part : part === undefined ? "" : part.toString("latin1");

/** Whether a Connection header names other headers, which is rare. */
const named = (connection: string | null): boolean =>
  connection !== null && connection !== "keep-alive" && connection !== "close" && connection !== "Keep-Alive";

/** A sender may declare headers as hop-by-hop, but never the ones that frame or route the message. */
const NEVER_NAMED = new Set([
  "host",
  "content-length",
  "x-forwarded-for",
  "x-forwarded-proto",
  "x-forwarded-host",
  "x-request-id",
]);

function withoutNamed(headers: readonly string[], connection: string): string[] {
  const names = new Set(connection.split(",").map((name) => name.trim().toLowerCase()));
  const kept: string[] = [];
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at] as string;
    const lower = name.toLowerCase();
    if (!names.has(lower) || NEVER_NAMED.has(lower)) kept.push(name, headers[at + 1] as string);
  }
  return kept;
}
