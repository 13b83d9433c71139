import { OTLPMetricExporter as JsonExporter } from "@opentelemetry/exporter-metrics-otlp-http";
import { OTLPMetricExporter as ProtobufExporter } from "@opentelemetry/exporter-metrics-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { AggregationTemporality, MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { subjectOf, sum } from "../../../../test/contract/signal-provider.js";
import type { ProbeSubject, SignalProbe } from "../../../ports/signal-provider.js";
import { openSignalProvider } from "../open.js";
import { OtlpIntake } from "./intake.js";
import { listenForOtlp, type OtlpListening } from "./listen.js";
import type { OtlpSettings } from "./watch.js";

const HOUR_MS = 3_600_000;
const begun = Date.now();
const clock = { now: () => Date.now() - begun, wall: () => Date.now() };
const thrown = (error: unknown): never => {
  throw error;
};

const source: OtlpSettings = {
  kind: "otlp",
  everyMs: 5_000,
  timeoutMs: 5_000,
  staleMs: HOUR_MS,
  total: { metric: "http.server.request.duration", attributes: {} },
  bad: { metric: "http.server.request.duration", attributes: { "http.response.status_code": "5*" } },
};

let listening: OtlpListening;
let intake: OtlpIntake;
const ends: (() => Promise<unknown>)[] = [];
beforeEach(async () => {
  intake = new OtlpIntake(clock, thrown);
  listening = await listenForOtlp(intake, { host: "127.0.0.1", port: 0 });
  ends.push(() => listening.close());
});
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

function begin(settings: OtlpSettings): SignalProbe {
  const subject: ProbeSubject = subjectOf(settings);
  const provider = openSignalProvider({ clock, secret: thrown, otlp: intake, directory: "/", report: thrown });
  ends.push(() => provider.close());
  return provider.begin(subject);
}

describe.each([
  ["protobuf", ProtobufExporter],
  ["JSON", JsonExporter],
])("the OpenTelemetry SDK's exporter, in %s", (_encoding, Exporter) => {
  /** A replica as the how-to has it. */
  const replica = (id: string, temporalityPreference: AggregationTemporality) => {
    const exporter = new Exporter({
      url: `${listening.url}/v1/metrics`,
      temporalityPreference,
      compression: "gzip" as never,
    });
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: HOUR_MS });
    const provider = new MeterProvider({
      readers: [reader],
      resource: resourceFromAttributes({
        "service.name": "web",
        "service.instance.id": id,
        "windlass.environment": "shop/production",
      }),
    });
    ends.push(() => provider.shutdown());
    const meter = provider.getMeter("test");
    return {
      durations: meter.createHistogram("http.server.request.duration", { unit: "s" }),
      orders: meter.createCounter("orders"),
      queue: meter.createUpDownCounter("queue"),
      flush: () => reader.forceFlush(),
    };
  };

  it.each([
    ["cumulative", AggregationTemporality.CUMULATIVE],
    ["delta", AggregationTemporality.DELTA],
  ])("is understood, %s, histograms by their counts", async (_name, temporality) => {
    const probe = begin(source);
    const [stable, canary] = [replica("web-r1-1", temporality), replica("web-r2-1", temporality)];
    const serve = async (good: number, bad: number) => {
      for (const one of [stable, canary]) {
        for (let times = 0; times < good; times += 1)
          one.durations.record(0.01, { "http.response.status_code": 200, "http.route": `/${times % 3}` });
        for (let times = 0; times < bad; times += 1) one.durations.record(0.02, { "http.response.status_code": 503 });
        one.queue.add(-1);
        await one.flush();
      }
    };
    const look = async () => {
      const measured = await probe.measure(clock.now(), new AbortController().signal);
      return measured.kind === "data"
        ? measured.intervals.map((i) => ({ stable: sum(i.stable), canary: sum(i.canary) }))
        : measured;
    };
    await serve(30, 0);
    const counts = { total: 30, bad: 0 };
    expect(await look()).toEqual([{ stable: counts, canary: counts }]);
    await serve(7, 2);
    const more = { total: 9, bad: 2 };
    expect(await look()).toEqual([{ stable: more, canary: more }]);
  });

  it("is understood for counters, and told apart from sums that fall", async () => {
    const counters = begin({
      ...source,
      total: { metric: "orders", attributes: {} },
      bad: { metric: "orders", attributes: { failed: "true" } },
    });
    const falling = begin({
      ...source,
      total: { metric: "queue", attributes: {} },
      bad: { metric: "queue", attributes: {} },
    });
    const one = replica("web-r2-1", AggregationTemporality.CUMULATIVE);
    one.orders.add(4, { failed: false });
    one.orders.add(1, { failed: true });
    one.queue.add(-2);
    await one.flush();
    const never = new AbortController().signal;
    expect(await counters.measure(clock.now(), never)).toMatchObject({
      intervals: [{ canary: [{ replica: "web-r2-1", bad: 1, total: 5 }] }],
    });
    expect(await falling.measure(clock.now(), never)).toEqual({
      kind: "no-data",
      sentence:
        "the new group r2 has sent nothing over OTLP yet; what came has queue, neither a monotonic sum nor a histogram",
    });
  });
});

it("says which port is taken, and what is there by default", async () => {
  const { host, port } = listening;
  await expect(listenForOtlp(intake, { host, port })).rejects.toMatchObject({
    code: "otlp-port-taken",
    hint: expect.stringContaining("Collector"),
  });
});
