import type { MetricSelector } from "../../../spec/compiled.js";
import type { Point } from "./points.js";

/** Whether a point is meant. A value that ends in `*` is a beginning: `5*` are the statuses from 500, `*` is any value. */
export function selects(selector: MetricSelector, { metric, attributes }: Point): boolean {
  return (
    metric === selector.metric &&
    Object.entries(selector.attributes).every(([key, wanted]) => {
      const value = Object.hasOwn(attributes, key) ? attributes[key] : undefined;
      if (value === undefined) return false;
      return wanted.endsWith("*") ? value.startsWith(wanted.slice(0, -1)) : value === wanted;
    })
  );
}
