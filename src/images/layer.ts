import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { extract, pack } from "tar-stream";
import { OCI } from "./descriptor.js";
import { hashedFile } from "./hashed-file.js";
import type { Blob } from "./image.js";
import { fileBlob } from "./layout.js";

/**
 * A release's archive as a layer, its files under `under` (`app`), owned by root and readable for all. It is not
 * compressed: what a compressor writes depends on its version and even on the processor, and a digest must not.
 */
export async function layerOf(archive: string, file: string, under: string): Promise<Blob> {
  const read = extract();
  const write = pack();
  const move = async () => {
    write.entry({ ...OWNED, name: `${under}/`, type: "directory", mode: 0o755 });
    for await (const entry of read) {
      const { name, type, mode, size, linkname } = entry.header;
      const header = { ...OWNED, name: `${under}/${name}`, type, mode: mode ?? 0o644 };
      if (type === "file") await pipeline(entry, write.entry({ ...header, size: size ?? 0 }));
      else {
        write.entry(linkname ? { ...header, linkname } : header);
        entry.resume();
      }
    }
    write.finalize();
  };
  const moved = move().catch((error: unknown) => {
    write.destroy(error instanceof Error ? error : new Error(String(error)));
    throw error;
  });
  const [written] = await Promise.all([
    hashedFile(write as AsyncIterable<Buffer>, file),
    pipeline(createReadStream(archive), read),
    moved,
  ]);
  return fileBlob(file, { mediaType: OCI.layer, ...written });
}

const OWNED = { mtime: new Date(0), uid: 0, gid: 0, uname: "", gname: "" };
