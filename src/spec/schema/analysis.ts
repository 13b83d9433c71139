import { z } from "zod";
import { field, required } from "./field.js";
import { command, dnsLabel, duration, percentage } from "./quantities.js";
import { secret } from "./secret.js";

export const margin = z.strictObject({
  fail: field(percentage, "Worse by more than this fails. Percentage points of requests: 0.1% is 1 request in 1,000."),
  pass: field(percentage, "Proved to be worse by less than this passes. Percentage points of requests, above fail."),
});

export const metric = z.union([
  z.string().min(1),
  z.strictObject({
    metric: required(z.string().min(1), "Name of a sum."),
    attributes: field(z.record(z.string(), z.string()), "Only data points that have these attributes."),
  }),
]);

const url = z.string().min(1);
const token = field(secret, "The secret that is sent as bearer token.");
const pointer = z.string().regex(/^\/([^~]|~[01])*$/, {
  error: 'not a JSON pointer\nbegin it with "/": "/requests/failed" (RFC 6901)',
});

export const prometheus = z.strictObject({
  url: required(url, "Where Prometheus answers: http://prometheus:9090."),
  bad: required(
    z.string().min(1),
    "PromQL of a cumulative counter of what went wrong; {{group}} is the revision, r7, as in WINDLASS_REPLICA: {{service}}-{{group}}-1. {{environment}} is there, too.",
  ),
  total: required(z.string().min(1), "PromQL of a cumulative counter of all, with the same placeholders."),
  replicaLabel: field(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), "The label that tells replicas apart."),
  token,
});

export const otlp = z.strictObject({
  bad: required(metric, "The sum that counts what went wrong."),
  total: required(metric, "The sum that counts all."),
});

export const http = z.strictObject({
  url: required(
    url,
    "GET this; the answer is JSON. {{group}} is the revision, r7, as in WINDLASS_REPLICA: {{service}}-{{group}}-1. {{environment}} is there, too.",
  ),
  bad: required(pointer, "JSON pointer to the number of what went wrong."),
  total: required(pointer, "JSON pointer to the number of all."),
  counts: field(
    z.enum(["cumulative", "delta"]),
    "Whether the numbers count from the beginning or since the last query.",
  ),
  token,
});

const signal = z.strictObject({
  margin: field(margin, "How much worse than the release that runs is too much, in percentage points of requests."),
  objective: field(
    percentage,
    "The bad share that is allowed where there is nothing to compare with: rolling and blue-green after the switch, a stage of 100. None: it is not tested there.",
  ),
  slowerThan: field(duration, "Of slow: a request that takes longer is bad. None: learned from the release that runs."),
  prometheus: field(prometheus, "Counted by Prometheus."),
  otlp: field(otlp, "Counted by the service, which sends its metrics over OTLP/HTTP."),
  http: field(http, "Counted by whoever answers a web query with JSON."),
  command: field(
    command,
    'Measured by a program: exit code 0 is good, another one bad; a last line {"bad": 1, "total": 20} has counts instead.',
  ),
  every: field(duration, "A source of one's own is asked so often."),
  timeout: field(duration, "It has to answer within this time; at most every."),
  stale: field(duration, "An answer older than this, or none for so long, is no answer; at least twice every."),
});

export const analysisObject = z.strictObject({
  falseAlarms: field(percentage, "Share of harmless releases that may be hauled back, over all signals and stages."),
  falsePasses: field(percentage, "Share of releases at the margin that may pass a signal."),
  signals: field(
    z.record(dnsLabel, z.union([z.literal(false), signal])),
    "What is compared, by name: errors, slow, and others with a source of their own. false: not that one.",
  ),
});

export const analysis = z.union([z.literal(false), analysisObject]);
