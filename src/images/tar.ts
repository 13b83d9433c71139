import { Readable } from "node:stream";
import { type Pack, pack } from "tar-stream";

/** A tar that is written while it is read; a failure of `fill` is the stream's error. */
export function tarOf(fill: (tar: Pack) => Promise<void>): Readable {
  return Readable.from(bytesOf(fill), { objectMode: false });
}

async function* bytesOf(fill: (tar: Pack) => Promise<void>): AsyncGenerator<Buffer> {
  const tar = pack();
  const filled = fill(tar).then(
    () => tar.finalize(),
    (error: unknown) => tar.destroy(error instanceof Error ? error : new Error(String(error))),
  );
  for await (const chunk of tar as AsyncIterable<Buffer>) yield chunk;
  await filled;
}
