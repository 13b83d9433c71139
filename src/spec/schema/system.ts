import { z } from "zod";
import { environment } from "./environment.js";
import { field, required } from "./field.js";
import { dnsLabel } from "./quantities.js";
import { resource } from "./resource.js";
import { service, serviceName } from "./service.js";

/** What a user writes, in TypeScript or YAML. JSON Schema and the reference page come out of it. */
export const system = z.strictObject({
  name: required(dnsLabel, "The system's name."),
  services: required(z.record(serviceName, service), "The workloads, by name."),
  resources: field(z.record(serviceName, resource), "What the services use, by name: postgres, redis."),
  environments: field(
    z.record(serviceName, environment.nullable()),
    "Where the system runs. development, staging and production are there without being named; null removes one.",
  ),
});
