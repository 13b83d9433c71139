import type { CompiledEnvironment, CompiledService, Strategy } from "../../../src/spec/compiled.js";
import { digestOf } from "../../../src/spec/digest.js";
import { environment, type ServiceOptions, service } from "../../simulation/system.js";
import type { Fault } from "./rig/stages.js";

/** An image that nobody pulls: pods of the fake nodes play the fault that its name says. */
export function imageOf(version: string, fault?: Fault): string {
  return `rig.local/${fault === undefined ? "web" : `fault-${fault}`}@${digestOf({ version, fault: fault ?? null })}`;
}

export const ROLLING: Strategy = { kind: "rolling", maxSurge: 1, maxUnavailable: 0, observeMs: 0 };
export const CANARY: Strategy = {
  kind: "canary",
  stages: [
    { share: 25, minMs: 700, maxMs: 700 },
    { share: 50, minMs: 700, maxMs: 700 },
    { share: 100, minMs: 0, maxMs: 0 },
  ],
  routes: [],
  sticky: null,
  keepOldMs: 0,
};
/** Stays at its first share until somebody says otherwise. */
export const PATIENT: Strategy = {
  kind: "canary",
  stages: [{ share: 25, minMs: 600_000, maxMs: 600_000 }],
  routes: [],
  sticky: null,
  keepOldMs: 0,
};

export interface WebOptions extends ServiceOptions {
  readonly fault?: Fault;
  readonly name?: string;
}

/** `web` of a version. Nobody counts its requests, so time alone lets its stages pass. */
export function web(version: string, options: WebOptions = {}): CompiledService {
  const { fault, name = "web", ...rest } = options;
  return {
    ...service(name, { guards: [], onTooLittleData: "continue", strategy: CANARY, replicas: 4, ...rest }),
    run: { kind: "image", image: imageOf(version, fault), argv: null },
    readyDeadlineMs: rest.readyDeadlineMs ?? 120_000,
  };
}

export function system(...services: readonly CompiledService[]): CompiledEnvironment {
  return environment(services, { target: "kubernetes" });
}
