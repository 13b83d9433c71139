import { z } from "zod";
import { percent } from "../quantity/percent.js";
import { field, required } from "./field.js";
import { command, countOrShare, duration, httpPath } from "./quantities.js";

const share = z
  .union([z.int().min(1).max(100), z.string()])
  .refine((value) => typeof value === "number" || Number.isInteger(percent(value)), {
    error: "not a share of requests\nwrite a whole number from 1 to 100, in percent",
  });

const stage = z.strictObject({
  share: required(share, "Percent of the requests that the new release gets, 1 to 100."),
  time: field(
    z.union([
      duration,
      z.strictObject({
        min: required(duration, "Watched at least this long, whatever the verdict."),
        max: required(duration, "Without a verdict by then, onTooLittleData decides."),
      }),
    ]),
    "How long this share is watched: one duration, or min and max.",
  ),
});

const route = z.union([
  z.strictObject({
    header: required(z.string().min(1), "Name of a request header, in any case."),
    value: field(z.string(), "The header has exactly this value."),
    contains: field(z.string().min(1), "The header's value contains this."),
  }),
  z.strictObject({
    cookie: required(z.string().min(1), "Name of a cookie."),
    value: required(z.string(), "The cookie has exactly this value."),
  }),
]);

const smoke = z.union([
  httpPath,
  z.strictObject({
    http: required(httpPath, "GET this path of the new group."),
    status: field(z.int().min(100).max(599), "The status expected."),
    timeout: field(duration, "Longer is a failure."),
  }),
  z.strictObject({
    command: required(command, "Passes when it exits with 0; PORT is a replica of the new group."),
    timeout: field(duration, "Longer is a failure."),
  }),
]);

const sticky = z.union([
  z.boolean(),
  z.strictObject({
    cookie: field(z.string().regex(/^[A-Za-z0-9_-]+$/), "Name of the cookie that remembers the group."),
    ttl: field(duration, "How long a client stays with its group."),
  }),
]);

export const rollingStrategy = z.strictObject({
  kind: required(z.literal("rolling"), "Replica by replica."),
  maxSurge: field(countOrShare, "Replicas above the number wanted; a percentage is rounded up."),
  maxUnavailable: field(countOrShare, "Replicas that may be missing; a percentage is rounded down."),
  observe: field(duration, "The new release is watched this long before the rollout is done."),
});

export const blueGreenStrategy = z.strictObject({
  kind: required(z.literal("blue-green"), "A whole new group beside the old one, then a switch."),
  smoke: field(z.array(smoke), "Checks on the new group before any client reaches it."),
  observe: field(duration, "Watched this long after the switch."),
  keepOld: field(duration, "The old group stays this long for the instant way back."),
});

export const canaryStrategy = z.strictObject({
  kind: required(z.literal("canary"), "A rising share of the requests."),
  stages: field(z.array(stage).min(1), "Rising shares; after the last stage the new release gets everything."),
  routes: field(z.array(route), "Requests that go to the new release whatever the share."),
  sticky: field(sticky, "A client stays with the group that answered it first."),
  keepOld: field(duration, "The old group stays this long for the instant way back."),
  mirror: field(
    share,
    "Behind a gateway of a cluster: percent of the old release's requests that the new one gets, too; nobody sees its answers. On a host: no effect.",
  ),
});

export const strategyNames = ["rolling", "blue-green", "canary"] as const;

export const strategy = z.union([z.enum(strategyNames), rollingStrategy, blueGreenStrategy, canaryStrategy]);
