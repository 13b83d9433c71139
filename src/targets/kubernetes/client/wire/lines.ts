/** What to do with a line that is longer than the bound: give its beginning, or throw. */
export interface LineBound {
  readonly maxBytes: number;
  readonly tooLong: "cut" | (() => Error);
}

/** The lines of a stream, without their ends. The last one counts without an end, too. */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>, bound: LineBound): AsyncGenerator<string> {
  let parts: Uint8Array[] = [];
  let held = 0;
  const keep = (part: Uint8Array) => {
    if (held + part.length > bound.maxBytes && bound.tooLong !== "cut") throw bound.tooLong();
    const room = part.subarray(0, bound.maxBytes - held);
    if (room.length > 0) parts.push(room);
    held += room.length;
  };
  const take = (): string => {
    // Bytes are joined before they are decoded: a chunk may end within a character.
    const text = Buffer.concat(parts, held).toString("utf8");
    parts = [];
    held = 0;
    return text.endsWith("\r") ? text.slice(0, -1) : text;
  };
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
      keep(chunk.subarray(start, end));
      start = end + 1;
      yield take();
    }
    keep(chunk.subarray(start));
  }
  if (held > 0) yield take();
}
