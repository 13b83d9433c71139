import type { ResourceObservation } from "../../../core/model/observation.js";
import type { EdgeStatus } from "../edge/protocol.js";
import type { Cgroups } from "../supervisor/cgroup.js";
import type { Replica } from "../supervisor/replica.js";
import type { Facts, Hello } from "./protocol.js";

/** What `doctor` shows of this machine: which limits are enforced how, which servers run. */
export function factsOf(
  status: EdgeStatus | null,
  socketsHeld: boolean,
  cgroups: Cgroups | null,
  replicas: readonly Replica[],
  observed: readonly (readonly [string, Readonly<Record<string, ResourceObservation>>])[],
): Omit<Facts, keyof Hello> {
  const limits = Object.fromEntries(
    replicas.map(({ environment, id, runner }) => [`${environment}/${id}`, runner.enforcement]),
  );
  const resources = Object.fromEntries(
    observed.flatMap(([environment, found]) =>
      Object.entries(found).map(([name, { detail }]) => [`${environment}/${name}`, detail]),
    ),
  );
  const edge = status === null ? null : { pid: status.pid, generation: status.generation, socketsHeld };
  const how = cgroups === null ? "not writable: memory is watched by polling" : `version ${cgroups.version}`;
  return { edge, cgroups: how, limits, resources };
}
