import { z } from "zod";
import { kubernetes, registry } from "./cluster.js";
import { field, required } from "./field.js";
import { patchOf } from "./patch.js";
import { few } from "./quantities.js";
import { resource } from "./resource.js";
import { service, serviceName } from "./service.js";

const instant = z.iso.datetime({
  offset: true,
  error: (issue) => (issue.input === undefined ? undefined : 'not a time\nwrite "2026-12-24T00:00:00Z", in quotes'),
});

const freeze = z.strictObject({
  from: required(instant, "When it begins: 2026-12-24T00:00:00Z."),
  to: required(instant, "When it ends."),
  reason: required(z.string().min(1), "Why; shown to who waits."),
});

export const environment = z.strictObject({
  extends: field(z.string(), "Another environment whose settings this one starts from."),
  target: field(z.enum(["host", "kubernetes"]), "The engine under the environment: this machine, or a cluster."),
  runner: field(
    z.enum(["process", "docker"]).nullable(),
    "On a host: what replicas are, processes or containers of this machine's Docker Engine. A service with an image is always a container.",
  ),
  registry: field(
    patchOf(registry).nullable(),
    "Where images are pushed to and pulled from: registry.example.com/shop. A cluster needs one for what is built.",
  ),
  kubernetes: field(patchOf(kubernetes).nullable(), "How the cluster is reached, and what it has."),
  protected: field(z.boolean(), "Refuses releases of a changed working tree and mutable image tags."),
  whenBusy: field(z.enum(["supersede", "refuse"]), "What a deployment does to one that is still going on."),
  rollbackWindow: field(few, "So many revisions back, a rollback skips the stages."),
  keepReleases: field(z.int().min(1).max(1000), "Releases that are kept for a rollback."),
  freezes: field(z.array(freeze).max(100), "Times in which no stage of a deployment begins. A rollback always may."),
  services: field(
    z.record(serviceName, patchOf(service).nullable()),
    "Changes to services, field by field. null removes a field, or the service.",
  ),
  resources: field(
    z.record(serviceName, patchOf(resource).nullable()),
    "Changes to resources, field by field. null removes a field, or the resource.",
  ),
});
