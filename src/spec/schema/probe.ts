import { z } from "zod";
import { field } from "./field.js";
import { attempts, command, duration, httpPath } from "./quantities.js";

const probeObject = z.strictObject({
  http: field(httpPath, "GET this path; an answer from 200 to 399 passes."),
  tcp: field(z.literal(true), "Passes when the port accepts a connection."),
  command: field(command, "Passes when this command exits with 0."),
  delay: field(duration, "Time from the start of the replica to the first probe."),
  period: field(duration, "Time from one probe to the next."),
  timeout: field(duration, "A probe that takes longer fails; at most the period."),
  failures: field(attempts, "So many failures in a row mean that it does not work."),
  successes: field(attempts, "So many successes in a row mean that it works again; readiness only."),
});

const probe = z.union([probeObject, z.literal("tcp"), httpPath, z.literal(false)]);

export const probes = z.strictObject({
  startup: field(probe, "Holds the other two back until it passes once; its failure restarts the replica."),
  liveness: field(probe, "Its failure restarts the replica."),
  readiness: field(probe, "Only a replica that passes gets requests. Default: tcp, when there is a port."),
});
