import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import type { CompiledResource } from "../../../spec/compiled.js";
import { readIfThere } from "../supervisor/durable-file.js";
import type { PortPool } from "../supervisor/free-port.js";
import { signalGroup } from "../supervisor/process-tree.js";
import { fileSafe } from "../supervisor/replica-record.js";
import { PostgresRecipe } from "./postgres.js";
import { RedisRecipe } from "./redis.js";
import type { EmbeddedServer } from "./resources.js";
import { SERVER_RECORD, SupervisedServer } from "./supervised-server.js";
import { SHARED_DATA } from "./unprivileged.js";

export interface EmbeddedOptions {
  readonly directory: string;
  readonly instance: string;
  readonly ports: PortPool;
  /** What servers inherit of our environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** Where, beside loopback, the servers of an environment listen: at what its containers reach. */
  readonly addresses: (environment: string) => Promise<readonly string[]>;
  readonly report: (message: string, error?: unknown) => void;
}

export function embeddedServers(
  options: EmbeddedOptions,
): (environment: string, resource: CompiledResource) => EmbeddedServer {
  const { instance, ports, report } = options;
  return (environment, { name, kind }) => {
    const inside = `${fileSafe(environment)}/${fileSafe(name)}`;
    const directory = path.join(options.directory, inside);
    const fallback = path.join(SHARED_DATA, instance, inside);
    const addresses = (): Promise<readonly string[]> => options.addresses(environment);
    const recipe =
      kind === "postgres"
        ? new PostgresRecipe({ name, directory, fallback, environment: options.environment, addresses })
        : new RedisRecipe({ name, directory, environment: options.environment, addresses });
    const marker = {
      WINDLASS_INSTANCE: instance,
      WINDLASS_ENVIRONMENT: environment,
      WINDLASS_RESOURCE: name,
    };
    return new SupervisedServer(recipe, { directory, key: fileSafe(`${environment}#${name}`), marker, ports, report });
  };
}

const recordSchema = z.object({ process: z.object({ pid: z.number(), startTime: z.string() }).nullable() });

/** Tells servers to end that an earlier daemon left running and that nobody wants any more. */
export function endUnwanted(directory: string, wanted: (environment: string, name: string) => boolean): void {
  for (const environment of existsSync(directory) ? readdirSync(directory) : [])
    for (const name of readdirSync(path.join(directory, environment))) {
      const text = readIfThere(path.join(directory, environment, name, SERVER_RECORD));
      if (text === null || wanted(environment, name)) continue;
      const { process } = recordSchema.parse(JSON.parse(text));
      if (process !== null) signalGroup(process, "SIGINT");
    }
}
