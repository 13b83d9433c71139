import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openCheckpoint, signCheckpoint } from "./checkpoint.js";
import { checkGrowth, checkProof } from "./document.js";
import { Edge, EMPTY_ROOT, leafHash, nodeHash } from "./merkle.js";
import { decodeSigner, encodeSigner, newSigner, openNote, signNote } from "./note.js";
import { consistencyPath, inclusionPath, isConsistent, isIncluded, subtreeHash } from "./path.js";

/** RFC 6962, 2.1, word by word: the independent reckoning. */
function rootOf(leaves: readonly Buffer[]): Buffer {
  const [first] = leaves;
  if (first === undefined) return EMPTY_ROOT;
  if (leaves.length === 1) return first;
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return nodeHash(rootOf(leaves.slice(0, k)), rootOf(leaves.slice(k)));
}

function edgeOf(leaves: readonly Buffer[]): Edge {
  const edge = new Edge();
  for (const leaf of leaves) edge.append(leaf);
  return edge;
}

const leaf = (n: number) => leafHash(`record ${n}`);
const leavesOf = (size: number) => Array.from({ length: size }, (_, n) => leaf(n));
const hashes = (leaves: readonly Buffer[]) =>
  subtreeHash(async function* (from, to) {
    yield* leaves.slice(from, to);
  });

describe("the Merkle tree of RFC 6962", () => {
  it("has the roots that Certificate Transparency's own tests publish", () => {
    const inputs = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
    const roots = [
      "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
      "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
      "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
      "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
      "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
      "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
      "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    const edge = new Edge();
    expect(edge.root().toString("hex")).toBe("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    inputs.forEach((input, index) => {
      edge.append(leafHash(Buffer.from(input, "hex")));
      expect(edge.root().toString("hex")).toBe(roots[index]);
    });
  });

  it("keeps only its right edge, and comes to the same root as reckoning from all leaves", () => {
    for (let size = 0; size <= 70; size += 1) {
      const leaves = leavesOf(size);
      const edge = edgeOf(leaves);
      expect(edge.root()).toEqual(rootOf(leaves));
      const stored = Edge.from(size, edge.bytes());
      stored?.append(leaf(size));
      expect(stored?.root()).toEqual(rootOf([...leaves, leaf(size)]));
    }
    expect(Edge.from(3, Buffer.alloc(32))).toBeNull();
  });

  it("proves every leaf of every tree, and no other leaf, place, size or root", async () => {
    for (let size = 1; size <= 33; size += 1) {
      const leaves = leavesOf(size);
      const root = rootOf(leaves);
      for (let index = 0; index < size; index += 1) {
        const path = await inclusionPath(hashes(leaves), index, size);
        expect(isIncluded(leaf(index), index, size, path, root)).toBe(true);
        expect(isIncluded(leaf(index + 1), index, size, path, root)).toBe(false);
        expect(isIncluded(leaf(index), index, size, [...path, leaf(1)], root)).toBe(false);
        expect(isIncluded(leaf(index), index, size, path.slice(1), root)).toBe(size === 1 && path.length === 0);
        expect(isIncluded(leaf(index), index, size, path, leaf(99))).toBe(false);
        for (const other of [index - 1, index + 1]) {
          expect(isIncluded(leaf(index), other, size, path, root)).toBe(false);
        }
      }
    }
  });

  it("proves that every tree begins with each earlier one, and never with another", async () => {
    for (let size = 1; size <= 33; size += 1) {
      const leaves = leavesOf(size);
      const root = rootOf(leaves);
      for (let old = 0; old <= size; old += 1) {
        const oldRoot = rootOf(leaves.slice(0, old));
        const path = await consistencyPath(hashes(leaves), old, size);
        expect(isConsistent(old, oldRoot, size, root, path)).toBe(true);
        expect(isConsistent(old, leaf(99), size, root, path)).toBe(false);
        expect(isConsistent(old, oldRoot, size, leaf(99), path)).toBe(old === 0);
        if (old > 0) {
          expect(isConsistent(old, oldRoot, size, root, [...path, leaf(1)])).toBe(false);
          if (path.length > 0) expect(isConsistent(old, oldRoot, size, root, path.slice(1))).toBe(false);
        }
        if (old > 1 && old < size) expect(isConsistent(old - 1, oldRoot, size, root, path)).toBe(false);
      }
    }
  });
});

describe("signed notes", () => {
  // The example of golang.org/x/mod/sumdb/note.
  const skey = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
  const vkey = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
  const text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
  const signature =
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=";

  it("are those of Go's sumdb, byte by byte", () => {
    const signer = decodeSigner(skey);
    expect(signer.verifierKey).toBe(vkey);
    expect(encodeSigner(signer)).toBe(skey);
    expect(signNote(text, signer)).toBe(`${text}\n${signature}\n`);
    expect(openNote(`${text}\n${signature}\n`, vkey)).toBe(text);
  });

  it("are refused when the text, the signature or the key is another", () => {
    const note = `${text}\n${signature}\n`;
    const other = newSigner("PeterNeumann").verifierKey;
    for (const forged of [
      note.replace("answer", "Answer"),
      note.replace("x08go/ZJ", "x08go/ZK"),
      text,
      `${text}\n`,
      "",
    ]) {
      expect(() => openNote(forged, vkey)).toThrow(expect.objectContaining({ code: "proof-signature" }));
    }
    expect(() => openNote(note, other)).toThrow(expect.objectContaining({ code: "proof-signature" }));
    for (const bad of [vkey.replace("c74f", "c74e"), vkey.slice(0, -4), "", "a+b+c"]) {
      expect(() => openNote(note, bad)).toThrow(expect.objectContaining({ code: "proof-key" }));
    }
  });

  it("may carry the signatures of others, too", () => {
    const witness = newSigner("witness");
    const note = `${text}\n${signNote(text, witness).split("\n\n")[1]}${signature}\n`;
    expect(openNote(note, vkey)).toBe(text);
    expect(openNote(note, witness.verifierKey)).toBe(text);
  });
});

describe("proof documents", () => {
  const signer = newSigner("windlass/test");
  const records = Array.from({ length: 20 }, (_, n) => JSON.stringify({ sequence: n + 1, type: "x@1" }));
  const leaves = records.map((record) => leafHash(record));
  const checkpoint = (size: number) => signCheckpoint(size, edgeOf(leaves.slice(0, size)).root(), signer);
  const base64 = (path: readonly Buffer[]) => path.map((each) => each.toString("base64"));

  it("prove a record with the verifier key alone", async () => {
    const proof = {
      format: "windlass-record-proof@1" as const,
      record: records[6] ?? "",
      sequence: 7,
      path: base64(await inclusionPath(hashes(leaves), 6, 20)),
      checkpoint: checkpoint(20),
    };
    expect(checkProof(proof, signer.verifierKey).record.sequence).toBe(7);
    const forgeries = [
      { ...proof, record: proof.record.replace("x@1", "y@1") },
      { ...proof, sequence: 8 },
      { ...proof, path: proof.path.slice(1) },
      { ...proof, checkpoint: checkpoint(19) },
    ];
    for (const forged of forgeries) {
      expect(() => checkProof(forged, signer.verifierKey)).toThrow(expect.objectContaining({ code: "proof-invalid" }));
    }
    expect(() => checkProof(proof, newSigner("windlass/test").verifierKey)).toThrow(
      expect.objectContaining({ code: "proof-signature" }),
    );
  });

  it("prove growth between any two checkpoints", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 20 }), async (a, b) => {
        const [from, to] = [Math.min(a, b), Math.max(a, b)];
        const path = base64(await consistencyPath(hashes(leaves.slice(0, to)), from, to));
        const proof = { format: "windlass-growth-proof@1" as const, from: checkpoint(from), to: checkpoint(to), path };
        expect(checkGrowth(proof, signer.verifierKey).to.size).toBe(to);
        if (from !== to) {
          const back = { ...proof, from: proof.to, to: proof.from };
          expect(() => checkGrowth(back, signer.verifierKey)).toThrow(
            expect.objectContaining({ code: "proof-invalid" }),
          );
        }
      }),
    );
  });

  it("open only checkpoints of the ledger that the key names", () => {
    expect(openCheckpoint(checkpoint(3), signer.verifierKey)).toEqual({
      origin: "windlass/test",
      size: 3,
      root: edgeOf(leaves.slice(0, 3)).root(),
    });
    const foreign = signNote(`other\n3\n${EMPTY_ROOT.toString("base64")}\n`, signer);
    expect(() => openCheckpoint(foreign, signer.verifierKey)).toThrow("not a checkpoint");
  });
});
