import type {
  GroupObservation,
  Observation,
  ReplicaObservation,
  ResourceObservation,
  ServiceObservation,
  TaskObservation,
} from "../../../core/model/observation.js";
import type { EdgeStatus } from "../edge/protocol.js";
import { observed, type Replica } from "../supervisor/replica.js";
import { serviceKey } from "./edge-table.js";
import type { ApplyRequest } from "./protocol.js";

export interface ObserveInput {
  readonly environment: string;
  readonly application: ApplyRequest | null;
  readonly applied: Observation["applied"];
  readonly replicas: readonly Replica[];
  /** Null: the edge does not answer, so what is in force is not known. */
  readonly status: EdgeStatus | null;
  /** Why clients cannot reach a service, by its key. */
  readonly problems: ReadonlyMap<string, string>;
  readonly tasks: Readonly<Record<string, TaskObservation>>;
  readonly resources: Readonly<Record<string, ResourceObservation>>;
  /** Takes secrets out of what a process said. */
  readonly conceal: (text: string) => string;
}

/** What is: processes from the supervisor, weights and requests from the edge; the intent only says where to look. */
export function observe(input: ObserveInput): Omit<Observation, "seenAt"> {
  const { applied, tasks, resources } = input;
  const names = new Set([
    ...Object.keys(input.application?.intent.services ?? {}),
    ...input.replicas.map((replica) => replica.service),
  ]);
  const services: Record<string, ServiceObservation> = {};
  for (const name of names) services[name] = serviceOf(input, name);
  return { applied, services, tasks, resources };
}

function serviceOf(input: ObserveInput, name: string): ServiceObservation {
  const key = serviceKey(input.environment, name);
  const intent = input.application?.intent.services[name];
  const seen = input.status?.services[key];
  const replicas = input.replicas.filter((replica) => replica.service === name);
  const groups: Record<string, GroupObservation> = {};
  for (const group of new Set([...Object.keys(intent?.groups ?? {}), ...replicas.map((replica) => replica.group)])) {
    const members = replicas.filter((replica) => replica.group === group);
    const problem = members.find((one) => one.runner.problem !== null)?.runner.problem ?? null;
    groups[group] = {
      digest:
        members.find((one) => one.runner.state.process !== null)?.digest ??
        members[0]?.digest ??
        intent?.groups[group]?.digest ??
        "",
      replicas: members.sort((a, b) => a.number - b.number).map((one) => told(one, input.conceal)),
      inFlight: seen?.groups[group]?.inFlight ?? 0,
      problem: problem ?? input.problems.get(key) ?? null,
    };
  }
  const served = intent?.traffic !== null && input.status !== null;
  return {
    groups,
    weights: served ? (seen?.weights ?? {}) : null,
    routed: served ? (seen?.routed ?? []) : null,
    port: seen?.port ?? null,
  };
}

/** What a process printed before it ended goes into events and onto screens: not with the secrets in it. */
function told(replica: Replica, conceal: (text: string) => string): ReplicaObservation {
  const seen = observed(replica);
  const { lastExit } = seen;
  return lastExit === null ? seen : { ...seen, lastExit: { ...lastExit, lastLines: lastExit.lastLines.map(conceal) } };
}
