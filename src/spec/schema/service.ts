import { z } from "zod";
import { analysis } from "./analysis.js";
import { dockerfile } from "./build.js";
import { clusterObject, ingress } from "./cluster.js";
import { field, required } from "./field.js";
import { guard } from "./guard.js";
import { probes } from "./probe.js";
import { attempts, command, cpu, dnsLabel, duration, few, replicas, size } from "./quantities.js";
import { scaling } from "./scaling.js";
import { secret } from "./secret.js";
import { strategy } from "./strategy.js";

const variable = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, {
  error: (issue) => `"${String(issue.input)}" is not a name of a variable\nletters, digits and _, no digit first`,
});

const port = z.int().min(0).max(65_535);

const listen = z.union([
  port,
  z.strictObject({
    number: required(port, "Where clients connect; 0: a free one is picked and kept."),
    host: field(z.string().min(1), "The address to listen on; 0.0.0.0 for all."),
    tls: field(
      z.strictObject({
        certificate: field(
          z.string().min(1),
          "Absolute path of the PEM file with the certificate chain; reloaded when it changes.",
        ),
        key: field(z.string().min(1), "Absolute path of the PEM file with the private key."),
      }),
      "HTTPS instead of HTTP.",
    ),
  }),
]);

const image = z.union([
  z.string().min(1),
  z.strictObject({
    name: required(z.string().min(1), "Image with tag or digest."),
    command: field(command, "Replaces the image's command."),
  }),
]);

const source = z.union([
  z.literal(false),
  z.string().min(1),
  z.strictObject({
    directory: field(z.string().min(1), "Relative to the spec."),
    exclude: field(z.array(z.string().min(1)), "Patterns of files to leave out, as in .gitignore."),
  }),
]);

const edge = z.strictObject({
  outAfterFailures: field(attempts, "A replica gets no requests after so many failures in a row."),
  inAfterSuccesses: field(attempts, "It gets requests again after so many successes in a row."),
  retries: field(few, "Idempotent requests whose connection failed are tried again so often."),
  hold: field(duration, "A request waits this long while no replica is ready."),
  drain: field(duration, "Requests that run get this long to finish before a replica stops."),
  requestTimeout: field(duration, "A request that takes longer is ended."),
  maxBody: field(size, "A larger request body is refused."),
});

export const tooLittleData = z.enum(["hold", "abort", "continue"]);

const uses = z.union([z.array(z.string()), z.record(z.string(), z.union([z.literal(true), variable]))]);

export const service = z.strictObject({
  command: field(command, "What each replica runs. Either this or image."),
  image: field(image, "OCI image that each replica runs. Either this or command."),
  dockerfile: field(
    dockerfile,
    "Where replicas are containers: the image is built from this, and runs its own command. Beside a command, processes run that one.",
  ),
  base: field(
    z.string().min(1),
    "Where replicas are containers, without a Dockerfile: the files are put into /app of this, the directory of an OCI layout relative to the spec, or an image.",
  ),
  source: field(
    source,
    "Files that make the service, packed with each release. Default: the spec's directory, for a command.",
  ),
  port: field(listen, "Where clients reach it; each replica gets its own in PORT. None: a worker."),
  environment: field(
    z.record(variable, z.union([z.string(), z.number(), z.boolean(), secret])),
    "Environment variables: a plain value, or { secret: name }.",
  ),
  probes: field(probes, "How to tell that a replica started, lives, and can take requests."),
  replicas: field(replicas, "How many run at the same time."),
  scaling: field(scaling, "In a cluster: the range an autoscaler moves replicas in. On a host: no effect."),
  cpu: field(cpu, 'Cores for one replica: 0.5 or "500m".'),
  memory: field(size, "Memory limit of one replica."),
  stopGrace: field(duration, "From SIGTERM to SIGKILL."),
  strategy: field(strategy, "How a new release replaces the old one."),
  guards: field(z.array(guard), "Thresholds that haul a release back. A list here replaces the default one."),
  analysis: field(
    analysis,
    "How a release is compared with the one that runs. Errors and latency are, with a port; false: guards and time decide.",
  ),
  onTooLittleData: field(tooLittleData, "When a stage ends without enough data: hold, abort or continue."),
  readyDeadline: field(duration, "A release that is not ready by then is hauled back."),
  edge: field(edge, "The load balancer before the replicas."),
  uses: field(
    uses,
    "Resources and services whose URL it gets: names, or { name: variable }. Default variable: DATABASE_URL, REDIS_URL; of a service `<SERVICE>_URL`.",
  ),
  ingress: field(
    ingress,
    "In a cluster: where clients from outside reach it; a host name, or more. On a host: no effect.",
  ),
  adopt: field(
    clusterObject,
    "In a cluster: an existing Deployment that the first revision takes over as it is, without a restart. On a host: no effect.",
  ),
  after: field(z.array(z.string()), "Services that are deployed before it."),
});

export const serviceName = dnsLabel;
