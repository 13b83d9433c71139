import { WindlassError } from "../../../error.js";
import type { CompiledResource } from "../../../spec/compiled.js";
import type { EmbeddedServer } from "../resources/resources.js";
import type { Cgroups } from "../supervisor/cgroup.js";
import type { PortPool } from "../supervisor/free-port.js";
import type { Secrets } from "./secrets.js";

export interface EmbeddedOptions {
  readonly directory: string;
  readonly instance: string;
  readonly home: string;
  readonly secrets: Secrets;
  readonly cgroups: Cgroups | null;
  readonly ports: PortPool;
  readonly report: (message: string, error?: unknown) => void;
}

export function embeddedServers(
  _: EmbeddedOptions,
): (environment: string, resource: CompiledResource) => EmbeddedServer {
  return (_environment, resource) => {
    throw new WindlassError("host-resource-unsupported", `no embedded ${resource.kind}`);
  };
}
