/** What a `windlass.system.ts` imports. */
export {
  blueGreen,
  canary,
  defineSystem,
  type EnvironmentSpec,
  type GuardSpec,
  postgres,
  type ResourceSpec,
  redis,
  rolling,
  type SecretSpec,
  type ServiceSpec,
  type SystemSpec,
  secret,
  service,
  type WorkerSpec,
  worker,
} from "./spec/define.js";
