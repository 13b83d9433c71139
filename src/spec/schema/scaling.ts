import { z } from "zod";
import { field, required } from "./field.js";
import { duration, percentage } from "./quantities.js";

const count = z.int().min(1).max(1000);

export const scaling = z.strictObject({
  min: field(count, "Never fewer replicas. Default: replicas."),
  max: required(count, "Never more replicas."),
  cpu: field(
    percentage,
    "Replicas are added above this share of the service's cpu, on average. Default: 70%, when memory is not said either.",
  ),
  memory: field(percentage, "The same for its memory."),
  up: field(duration, "A need lasts this long before replicas are added; at most 1h."),
  down: field(duration, "There is no need for this long before replicas are removed; at most 1h."),
});
