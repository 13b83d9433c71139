import { createHash } from "node:crypto";
import { type Readable, Transform } from "node:stream";
import { WindlassError } from "../error.js";

export function digestOfBytes(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

/** Throws `image-corrupt` for what is no SHA-256 digest: others are not read, and nothing is a path by accident. */
export function checkDigest(digest: unknown, where: string): string {
  if (typeof digest === "string" && /^sha256:[0-9a-f]{64}$/.test(digest)) return digest;
  throw new WindlassError("image-corrupt", `${where} names no SHA-256 digest.`, { facts: { found: String(digest) } });
}

/** Lets bytes through and fails with `image-corrupt` at their end when they are not what the digest says. */
export function verifying(source: Readable, expected: { readonly digest: string; readonly size: number }): Readable {
  const hash = createHash("sha256");
  let size = 0;
  const check = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      size += chunk.length;
      if (size > expected.size) return done(corrupt(expected.digest));
      hash.update(chunk);
      done(null, chunk);
    },
    flush(done) {
      done(`sha256:${hash.digest("hex")}` === expected.digest ? null : corrupt(expected.digest));
    },
  });
  source.on("error", (error) => check.destroy(error));
  check.on("close", () => source.destroy());
  return source.pipe(check);
}

/** Bytes of at most `limit` that are what the digest says. */
export async function verifiedBytes(source: Readable, expected: { digest: string; size: number }, limit: number) {
  if (expected.size > limit)
    throw new WindlassError("image-corrupt", `${expected.digest} has ${expected.size} bytes, more than ${limit}.`);
  const chunks: Buffer[] = [];
  for await (const chunk of verifying(source, expected) as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

export function corrupt(digest: string): WindlassError {
  return new WindlassError("image-corrupt", `The bytes of ${digest} are other ones.`, {
    hint: "the layout or the registry is damaged; pull or make the image anew",
  });
}
