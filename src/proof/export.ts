import { WindlassError } from "../error.js";
import { type Checkpoint, openCheckpoint } from "./checkpoint.js";
import { Edge, leafHash } from "./merkle.js";

/** The checkpoint of an export, once its lines are exactly the ledger that was signed; else `proof-invalid`. */
export async function checkExport(
  lines: AsyncIterable<string>,
  checkpoint: string,
  verifierKey: string,
): Promise<Checkpoint> {
  const signed = openCheckpoint(checkpoint, verifierKey);
  const edge = new Edge();
  for await (const line of lines) edge.append(leafHash(line));
  if (edge.size !== signed.size || !edge.root().equals(signed.root)) {
    throw new WindlassError(
      "proof-invalid",
      `The export of ${edge.size} records is not the ledger of ${signed.size} records that was signed.`,
    );
  }
  return signed;
}
