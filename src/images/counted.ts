import { Readable } from "node:stream";

/** The same bytes, and how many of them went by. Who destroys it destroys `source`, too. */
export function counted(source: Readable, passed: (bytes: number) => void): Readable {
  return Readable.from(counting(source, passed), { objectMode: false });
}

async function* counting(source: Readable, passed: (bytes: number) => void): AsyncGenerator<Buffer> {
  for await (const chunk of source as AsyncIterable<Buffer>) {
    passed(chunk.length);
    yield chunk;
  }
}
