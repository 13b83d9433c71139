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
  constructor(private readonly directory: string) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  }

  write(record: ReplicaRecord): void {
    writeDurably(this.file(record), JSON.stringify(record));
  }

  remove(record: { environment: string; id: string }): void {
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
    return path.join(this.directory, `${fileSafe(`${record.environment}/${record.id}`)}.json`);
  }
}

/** A name for a file or a control group: the same for the same key, different for different ones. */
export function fileSafe(key: string): string {
  return encodeURIComponent(key).replaceAll("%2F", "~").replaceAll(".", "%2E");
}
