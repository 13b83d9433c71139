// A control plane in small: drives the ledger of argv[2] and prints each event's sequence once it is acknowledged.
import { openLedger } from "../../src/ledger/open.js";

const ledger = await openLedger({ directory: process.argv[2] ?? "" });
const lease = await ledger.acquire("writer", 60_000);
process.stdout.write(`term ${lease.term}\n`);
const versions = new Map((await ledger.streams()).map(({ stream, version }) => [stream, version]));

async function write(stream: string): Promise<never> {
  for (let version = versions.get(stream) ?? 0; ; ) {
    const at = { at: version, wall: new Date(0).toISOString(), by: "engine", key: null };
    const events = [
      { type: "first@1", data: { filler: "x".repeat(version % 900) }, ...at },
      { type: "second@1", data: {}, ...at },
    ];
    const records = await ledger.append(stream, version, events);
    version += records.length;
    process.stdout.write(records.map((record) => `ack ${record.sequence} ${stream} ${record.version}\n`).join(""));
  }
}
await Promise.all(["a", "b", "c", "d"].map(write));
