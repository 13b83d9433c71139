import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { joined } from "./judged.js";
import type { Findings, Study } from "./study.js";

const WORKERS = 2;
/** So that both workers end at about the same time. */
const PIECE = 50;

/** Node 20 does not hand tsx's loader on to a worker: it registers its own. */
const START = `import("tsx/esm/api").then(({ register }) => {
  register();
  return import(require("node:worker_threads").workerData.url);
});`;

/** Carries the studies out in two threads; findings in the order of the studies, runs in the order of their seeds. */
export async function carryOut(studies: readonly Study[]): Promise<readonly Findings[]> {
  const pieces = studies.flatMap((study, index) =>
    Array.from({ length: Math.ceil(study.runs / PIECE) }, (_, n) => ({
      index,
      n,
      study: { ...study, from: study.from + n * PIECE, runs: Math.min(PIECE, study.runs - n * PIECE) },
    })),
  );
  const found: Findings[][] = studies.map(() => []);
  let next = 0;
  let done = 0;
  const url = new URL("./worker.ts", import.meta.url).href;
  const work = async () => {
    const worker = new Worker(START, { eval: true, workerData: { url }, execArgv: [] });
    try {
      for (let piece = pieces[next++]; piece !== undefined; piece = pieces[next++]) {
        worker.postMessage(piece.study);
        const [findings] = (await once(worker, "message")) as [Findings];
        (found[piece.index] as Findings[])[piece.n] = findings;
        progress(++done, pieces.length);
      }
    } finally {
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: WORKERS }, work));
  return found.map(together);
}

function together(parts: readonly Findings[]): Findings {
  return {
    ours: joined(parts.map((part) => part.ours)),
    rivals: (parts[0]?.rivals ?? []).flatMap((_, r) => joined(parts.map((part) => part.rivals[r])) ?? []),
    oracle: joined(parts.map((part) => part.oracle)),
  };
}

function progress(done: number, of: number): void {
  if (!process.stderr.isTTY) return;
  process.stderr.write(`\r${done}/${of}${done === of ? "\n" : " "}`);
}
