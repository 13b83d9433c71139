import { Readable } from "node:stream";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { negotiate } from "./api-version.js";
import { socketOf } from "./engine.js";
import { demultiplex, type Frame } from "./frames.js";
import { linesOf } from "./logs.js";
import { jsonLines, type ProgressLine, progressOf } from "./progress.js";

function frame(stream: Frame["stream"], text: string): Buffer {
  const bytes = Buffer.from(text);
  const head = Buffer.alloc(8);
  head[0] = stream === "stdout" ? 1 : 2;
  head.writeUInt32BE(bytes.length, 4);
  return Buffer.concat([head, bytes]);
}

/** The same bytes in pieces that end anywhere. */
function inPieces(bytes: Buffer, sizes: readonly number[]): Readable {
  const pieces: Buffer[] = [];
  let at = 0;
  for (const size of sizes) {
    if (at < bytes.length) pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  if (at < bytes.length) pieces.push(bytes.subarray(at));
  return Readable.from(pieces);
}

async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const values: T[] = [];
  for await (const value of source) values.push(value);
  return values;
}

describe("a container's output", () => {
  it("is taken apart however it is cut", async () => {
    const frames = fc.array(fc.record({ stream: fc.constantFrom("stdout", "stderr"), text: fc.string() }), {
      maxLength: 8,
    });
    const sizes = fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(frames, sizes, async (written, cuts) => {
        const bytes = Buffer.concat(written.map(({ stream, text }) => frame(stream as Frame["stream"], text)));
        const read = await all(demultiplex(inPieces(bytes, cuts)));
        for (const stream of ["stdout", "stderr"]) {
          const got = Buffer.concat(read.filter((each) => each.stream === stream).map((each) => each.bytes));
          const put = written.filter((each) => each.stream === stream).map((each) => each.text);
          expect(got.toString()).toBe(Buffer.from(put.join("")).toString());
        }
      }),
      { seed: 1, numRuns: 100 },
    );
  });

  it("is lines of each stream, also when a line comes in two frames and the last has no end", async () => {
    const bytes = [
      frame("stdout", "2026-01-01T00:00:00.1Z one "),
      frame("stderr", "2026-01-01T00:00:00.2Z oh\n"),
      frame("stdout", "line\r\n2026-01-01T00:00:00.3Z \n2026-01-01T00:00:00.4Z rest"),
    ];
    expect(await all(linesOf(demultiplex(Readable.from(bytes))))).toEqual([
      { stream: "stderr", at: "2026-01-01T00:00:00.2Z", text: "oh" },
      { stream: "stdout", at: "2026-01-01T00:00:00.1Z", text: "one line" },
      { stream: "stdout", at: "2026-01-01T00:00:00.3Z", text: "" },
      { stream: "stdout", at: "2026-01-01T00:00:00.4Z", text: "rest" },
    ]);
  });

  it("keeps no line of any length", async () => {
    const [line] = await all(linesOf(demultiplex(Readable.from([frame("stdout", `t ${"x".repeat(200_000)}\n`)]))));
    expect(line?.text).toHaveLength(64 * 1024 - 2);
  });

  it("that is in no frames, or is cut off, is an error", async () => {
    for (const bytes of [Buffer.from("plain text"), frame("stdout", "half").subarray(0, 10), Buffer.from([1, 0])])
      await expect(all(demultiplex(Readable.from([bytes])))).rejects.toMatchObject({ code: "docker-frames" });
  });
});

describe("what the Engine says while it works", () => {
  it("is read line by line, whatever the pieces", async () => {
    const text = Buffer.from('{"stream":"Step 1"}\r\n\n{"aux":{"ID":"sha256:1"}}\n{"status":"é"}');
    for (const size of [1, 3, 1_000])
      expect(await all(jsonLines(inPieces(text, Array(100).fill(size))))).toEqual([
        { stream: "Step 1" },
        { aux: { ID: "sha256:1" } },
        { status: "é" },
      ]);
  });

  it("ends with its error, in its own words and with the exit code", async () => {
    const source = Readable.from([
      Buffer.from('{"stream":"a"}\n{"errorDetail":{"code":7,"message":"failed \\n"},"error":"failed"}\n'),
    ]);
    const seen: ProgressLine[] = [];
    const read = async () => {
      for await (const line of progressOf(source, "docker-build-failed")) seen.push(line);
    };
    await expect(read()).rejects.toMatchObject({
      code: "docker-build-failed",
      message: "failed",
      facts: { exitCode: 7 },
    });
    expect(seen).toEqual([{ stream: "a" }]);
    await expect(all(jsonLines(Readable.from([Buffer.from("<html>\n")])))).rejects.toMatchObject({
      code: "docker-answer",
    });
  });
});

it("the version is ours, or the nearest that the Engine has", () => {
  expect(negotiate("1.41", "1.12")).toBe("1.41");
  expect(negotiate("1.52", "1.44")).toBe("1.44");
  expect(negotiate("1.40", "1.12")).toBe("1.40");
  expect(negotiate("1.9", undefined)).toBe("1.9");
});

it("DOCKER_HOST names a socket of this machine or is refused", () => {
  expect(socketOf(undefined)).toBe("/var/run/docker.sock");
  expect(socketOf("unix:///run/user/1000/docker.sock")).toBe("/run/user/1000/docker.sock");
  expect(() => socketOf("tcp://10.0.0.1:2375")).toThrow(expect.objectContaining({ code: "docker-host" }));
});
