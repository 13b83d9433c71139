import type { Readable } from "node:stream";

/** At most `maxBytes` of a body; what is longer is cut, its connection given up, and `truncated` says so. */
export async function readBody(body: Readable, maxBytes: number): Promise<{ text: string; truncated: boolean }> {
  const parts: Buffer[] = [];
  let held = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    if (held + chunk.length > maxBytes) {
      parts.push(chunk.subarray(0, maxBytes - held));
      return { text: Buffer.concat(parts).toString("utf8"), truncated: true };
    }
    parts.push(chunk);
    held += chunk.length;
  }
  return { text: Buffer.concat(parts, held).toString("utf8"), truncated: false };
}
