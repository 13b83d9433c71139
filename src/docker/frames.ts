import type { Readable } from "node:stream";
import { WindlassError } from "../error.js";

export interface Frame {
  readonly stream: "stdout" | "stderr";
  readonly bytes: Buffer;
}

const HEADER = 8;

/**
 * Takes a container's two outputs apart: each frame begins with its stream (1, 2; 0 is stdin), three zero bytes and its
 * length, big-endian. A long frame is handed on in pieces as they arrive. `docker-frames` when it is no such stream.
 */
export async function* demultiplex(source: Readable): AsyncGenerator<Frame> {
  let head: Buffer = Buffer.alloc(0);
  let stream: Frame["stream"] = "stdout";
  let left = 0;
  for await (const chunk of source as AsyncIterable<Buffer>) {
    let rest = chunk;
    while (rest.length > 0) {
      if (left > 0) {
        const piece = rest.subarray(0, left);
        left -= piece.length;
        rest = rest.subarray(piece.length);
        yield { stream, bytes: piece };
        continue;
      }
      const missing = HEADER - head.length;
      head = Buffer.concat([head, rest.subarray(0, missing)]);
      rest = rest.subarray(missing);
      if (head.length < HEADER) break;
      stream = streamOf(head);
      left = head.readUInt32BE(4);
      head = Buffer.alloc(0);
    }
  }
  if (left > 0 || head.length > 0)
    throw new WindlassError("docker-frames", "the container's output ended in the middle of a frame", {
      retry: "safe",
    });
}

function streamOf(head: Buffer): Frame["stream"] {
  const [kind] = head;
  if (kind === undefined || kind > 2 || head.readUIntBE(1, 3) !== 0)
    throw new WindlassError("docker-frames", "the container's output is not in frames: has it a terminal?");
  return kind === 2 ? "stderr" : "stdout";
}
