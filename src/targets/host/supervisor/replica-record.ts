import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { removeDurably, writeDurably } from "./durable-file.js";

/** What is needed to find a replica's process, or container, again and to know that it is this one. */
export const replicaRecord = z.object({
  environment: z.string(),
  service: z.string(),
  group: z.string(),
  number: z.number().int(),
  id: z.string(),
  digest: z.string(),
  process: z.object({ pid: z.number().int(), startTime: z.string() }).nullable(),
  port: z.number().int().nullable(),
  restarts: z.number().int(),
  ready: z.boolean(),
  /** For a container: what of it has been told; null until it is made. Absent: a process. */
  container: z.object({ id: z.string(), run: z.string().nullable(), restarts: z.number().int() }).nullable().optional(),
});
export type ReplicaRecord = z.infer<typeof replicaRecord>;

export class ReplicaRecords {
  /** What was written last, by replica. */
  private readonly kept = new Map<string, string>();

  constructor(private readonly directory: string) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  }

  /** Writes what differs from what was written last; what has neither process nor container needs no record. */
  keep(record: ReplicaRecord): void {
    const key = keyOf(record);
    const text = JSON.stringify(record);
    if (this.kept.get(key) === text) return;
    if (record.process === null && record.container === undefined) removeDurably(this.file(record));
    else writeDurably(this.file(record), text);
    this.kept.set(key, text);
  }

  remove(record: { environment: string; id: string }): void {
    this.kept.delete(keyOf(record));
    removeDurably(this.file(record));
  }

  /** A record that cannot be read is reported to `damaged`: its process is found by its marker instead. */
  all(damaged: (file: string, error: unknown) => void): ReplicaRecord[] {
    return readdirSync(this.directory)
      .filter((name) => name.endsWith(".json"))
      .flatMap((name) => {
        const file = path.join(this.directory, name);
        try {
          return [replicaRecord.parse(JSON.parse(readFileSync(file, "utf8")))];
        } catch (error) {
          damaged(file, error);
          return [];
        }
      });
  }

  private file(record: { environment: string; id: string }): string {
    return path.join(this.directory, `${fileSafe(keyOf(record))}.json`);
  }
}

const keyOf = ({ environment, id }: { environment: string; id: string }): string => `${environment}/${id}`;

/** A name for a file or a control group: the same for the same key, different for different ones. */
export function fileSafe(key: string): string {
  return encodeURIComponent(key).replaceAll("%2F", "~").replaceAll(".", "%2E");
}
