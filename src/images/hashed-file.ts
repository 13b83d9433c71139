import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";

/** Writes what is read to a file that only its owner reads; resolves with what it was. */
export async function hashedFile(
  source: AsyncIterable<Buffer>,
  file: string,
): Promise<{ digest: string; size: number }> {
  const hash = createHash("sha256");
  let size = 0;
  const count = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      size += chunk.length;
      done(null, chunk);
    },
  });
  await pipeline(source, count, createWriteStream(file, { mode: 0o600 }));
  return { digest: `sha256:${hash.digest("hex")}`, size };
}
