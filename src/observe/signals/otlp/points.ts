import type { WireAttribute, WireMetric, WirePoint, WirePoints, WireRequest } from "./messages.js";

export type Attributes = Readonly<Record<string, string>>;

/** One count that was sent: of a monotonic sum, or how many values a histogram has. Times are wall milliseconds. */
export interface Point {
  readonly metric: string;
  readonly attributes: Attributes;
  readonly temporality: "cumulative" | "delta";
  /** When counting began; null: not said. */
  readonly start: number | null;
  readonly time: number;
  /** Not checked: what a sender calls a count may be anything. */
  readonly value: number;
}

/** What one sender says; `notCounts` are metrics that cannot be counted: gauges, sums that fall, no temporality. */
export interface Sent {
  readonly resource: Attributes;
  readonly points: readonly Point[];
  readonly notCounts: readonly string[];
}

const DELTA = 1;
const CUMULATIVE = 2;
const NO_RECORDED_VALUE = 1;
const NANOS = 1e6;

/** How much is to be looked at: senders, metrics and points. Empty messages cost two bytes to send, and much more to read. */
export function sizeOf({ resourceMetrics = [] }: WireRequest): number {
  let size = resourceMetrics.length;
  for (const { scopeMetrics = [] } of resourceMetrics) {
    size += scopeMetrics.length;
    for (const { metrics = [] } of scopeMetrics) {
      size += metrics.length;
      for (const metric of metrics) size += countable(metric)?.dataPoints?.length ?? 0;
    }
  }
  return size;
}

export function sentIn(request: WireRequest): Sent[] {
  return (request.resourceMetrics ?? []).map(({ resource, scopeMetrics = [] }) => {
    const metrics = scopeMetrics.flatMap((scope) => scope.metrics ?? []);
    return {
      resource: plain(resource?.attributes),
      points: metrics.flatMap(pointsOf),
      notCounts: metrics.filter((metric) => countable(metric) === null).map(({ name = "" }) => name),
    };
  });
}

function countable({ sum, histogram, exponentialHistogram }: WireMetric): WirePoints | null {
  const points = sum?.isMonotonic === true ? sum : (histogram ?? exponentialHistogram ?? null);
  const temporality = points?.aggregationTemporality;
  return temporality === DELTA || temporality === CUMULATIVE ? points : null;
}

function pointsOf(metric: WireMetric): Point[] {
  const points = countable(metric);
  if (points === null) return [];
  const temporality = points.aggregationTemporality === DELTA ? "delta" : "cumulative";
  return (points.dataPoints ?? [])
    .filter(({ flags = 0 }) => (flags & NO_RECORDED_VALUE) === 0)
    .map((point) => ({
      metric: metric.name ?? "",
      attributes: plain(point.attributes),
      temporality,
      start: (point.startTimeUnixNano ?? 0) === 0 ? null : (point.startTimeUnixNano ?? 0) / NANOS,
      time: (point.timeUnixNano ?? 0) / NANOS,
      value: numberIn(point),
    }));
}

function numberIn({ asInt, asDouble, count }: WirePoint): number {
  return asInt ?? asDouble ?? count ?? 0;
}

function plain(attributes: readonly WireAttribute[] = []): Attributes {
  const entries = attributes.flatMap(({ key, value }) => {
    const text = value?.stringValue ?? value?.intValue ?? value?.boolValue ?? value?.doubleValue;
    return key === undefined || text === undefined ? [] : [[key, String(text)] as const];
  });
  return Object.fromEntries(entries);
}
