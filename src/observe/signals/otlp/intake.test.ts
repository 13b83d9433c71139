import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { subjectOf } from "../../../../test/contract/signal-provider.js";
import { BODY_BYTES, MOST_THINGS, OtlpIntake } from "./intake.js";
import { ExportRequest, ExportResponse, Status } from "./messages.js";
import type { OtlpSettings } from "./watch.js";

const START = Date.parse("2026-11-21T08:00:00Z");
const BEFORE = START - 60_000;
const settings: OtlpSettings = {
  kind: "otlp",
  everyMs: 5_000,
  timeoutMs: 1_000,
  staleMs: 30_000,
  total: { metric: "requests", attributes: {} },
  bad: { metric: "requests", attributes: { failed: "true" } },
};

interface SentPoint {
  readonly value: number;
  readonly failed?: boolean;
  readonly start?: number;
  readonly at?: number;
}

/** An intake at a time that stories set, and what a replica sends to it. */
function world() {
  const time = { now: 1_000 };
  const clock = { now: () => time.now, wall: () => START + time.now };
  const intake = new OtlpIntake(clock, (error) => {
    throw error;
  });
  const watch = intake.watch(subjectOf(settings), settings);
  const body = (points: readonly SentPoint[], resource: Record<string, string>, temporality: number) => ({
    resourceMetrics: [
      {
        resource: {
          attributes: Object.entries(resource).map(([key, stringValue]) => ({ key, value: { stringValue } })),
        },
        scopeMetrics: [
          {
            metrics: [
              {
                name: "requests",
                sum: {
                  isMonotonic: true,
                  aggregationTemporality: temporality,
                  dataPoints: points.map(({ value, failed = false, start = BEFORE, at = clock.wall() }) => ({
                    startTimeUnixNano: String(BigInt(start) * 1_000_000n),
                    timeUnixNano: String(BigInt(at) * 1_000_000n),
                    asInt: String(value),
                    attributes: [{ key: "failed", value: { boolValue: failed } }],
                  })),
                },
              },
            ],
          },
        ],
      },
    ],
  });
  const post = (
    body: NonNullable<ConstructorParameters<typeof Request>[1]>["body"],
    headers: Record<string, string>,
    path = "/v1/metrics",
    method = "POST",
  ) => intake.handle(new Request(`http://intake${path}`, { method, headers, body: body ?? null }));
  const json = (text: string) => post(text, { "content-type": "application/json" });
  const resourceOf = (replica: string) => ({
    "service.name": "web",
    "windlass.environment": "shop/production",
    "service.instance.id": replica,
  });
  return {
    intake,
    watch,
    time,
    wall: clock.wall,
    post,
    json,
    body,
    resourceOf,
    /** What `replica` sends a second later. */
    async send(replica: string, points: readonly SentPoint[], temporality = 2): Promise<unknown> {
      time.now += 1_000;
      return (await json(JSON.stringify(body(points, resourceOf(replica), temporality)))).json();
    },
    async sendAs(resource: Record<string, string>): Promise<void> {
      await json(JSON.stringify(body([{ value: 1 }], resource, 2)));
    },
    canary() {
      time.now += 1_000;
      const measured = watch.take(time.now);
      if (measured.kind !== "data") throw new Error(measured.sentence);
      return measured.intervals.flatMap(({ canary }) => canary);
    },
  };
}

describe("answers as OTLP/HTTP has it:", () => {
  const request = new Uint8Array(ExportRequest.encode(ExportRequest.fromObject({ resourceMetrics: [] })).finish());

  it("200 with an empty message in the request's encoding, for protobuf and for JSON", async () => {
    const { post } = world();
    const binary = await post(request, { "content-type": "application/x-protobuf" });
    expect([binary.status, binary.headers.get("content-type")]).toEqual([200, "application/x-protobuf"]);
    expect(ExportResponse.toObject(ExportResponse.decode(new Uint8Array(await binary.arrayBuffer())))).toEqual({});
    const text = await post("{}", { "content-type": "application/json; charset=utf-8" });
    expect([text.status, text.headers.get("content-type"), await text.text()]).toEqual([200, "application/json", "{}"]);
  });

  it("gzip is unpacked, and what gets too large by it is refused", async () => {
    const { post } = world();
    const headers = { "content-type": "application/json", "content-encoding": "gzip" };
    expect((await post(gzipSync("{}"), headers)).status).toBe(200);
    expect((await post("{}", headers)).status).toBe(400);
    const bomb = gzipSync(Buffer.alloc(BODY_BYTES + 1, " "));
    expect((await post(bomb, headers)).status).toBe(413);
    expect((await post("{}", { ...headers, "content-encoding": "br" })).status).toBe(415);
  });

  it("400 with a Status for what is malformed, which nobody is to send again", async () => {
    const { post, json } = world();
    const binary = await post(new Uint8Array([0x0a, 0xff]), { "content-type": "application/x-protobuf" });
    expect(binary.status).toBe(400);
    expect(Status.toObject(Status.decode(new Uint8Array(await binary.arrayBuffer())))).toEqual({
      code: 3,
      message: "the body is no ExportMetricsServiceRequest in protobuf",
    });
    for (const text of ["", "[]", "{", '{"resourceMetrics":7}', '{"resourceMetrics":[{"scopeMetrics":[3]}]}']) {
      const refused = await json(text);
      expect([text, refused.status]).toEqual([text, 400]);
      expect(await refused.json()).toMatchObject({ code: 3 });
    }
  });

  it("404, 405, 413 and 415 for what is not its own", async () => {
    const { post } = world();
    const type = { "content-type": "application/json" };
    expect((await post("{}", type, "/v1/traces")).status).toBe(404);
    expect((await post(null, type, "/v1/metrics", "GET")).status).toBe(405);
    expect((await post("{}", { "content-type": "text/plain" })).status).toBe(415);
    expect((await post(" ".repeat(BODY_BYTES + 1), type)).status).toBe(413);
    const nothings = Uint8Array.from({ length: 2 * MOST_THINGS + 2 }, (_, index) => (index % 2 === 0 ? 0x0a : 0));
    expect((await post(nothings, { "content-type": "application/x-protobuf" })).status).toBe(413);
  });

  it("503 with Retry-After when too many come at once", async () => {
    const { post } = world();
    const statuses = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const { status, headers } = await post("{}", { "content-type": "application/json" });
        return `${status} ${headers.get("retry-after")}`;
      }),
    );
    expect(new Set(statuses)).toEqual(new Set(["200 null", "503 2"]));
  });

  it("200 with how many points were refused, and why", async () => {
    const { send } = world();
    await send("web-r2-1", [{ value: 5, start: START + 1_500 }]);
    expect(
      await send("web-r2-1", [
        { value: 7, start: START + 1_000 },
        { value: -1, failed: true },
      ]),
    ).toEqual({
      partialSuccess: {
        rejectedDataPoints: "2",
        errorMessage:
          "requests began earlier than what was sent before: do two processes share a service.instance.id?; requests has the value -1, no count",
      },
    });
  });
});

describe("counts", () => {
  it("cumulative sums by their differences, from zero for what began since", async () => {
    const { send, canary } = world();
    await send("web-r2-1", [{ value: 900 }, { value: 30, failed: true }]);
    await send("web-r2-2", [{ value: 4, start: START + 1_800 }]);
    expect(canary()).toEqual([
      { replica: "web-r2-1", bad: 0, total: 0 },
      { replica: "web-r2-2", bad: 0, total: 4 },
    ]);
    await send("web-r2-1", [{ value: 910 }, { value: 32, failed: true }]);
    await send("web-r2-2", [
      { value: 5, start: START + 1_800 },
      { value: 1, failed: true },
    ]);
    expect(canary()).toEqual([
      { replica: "web-r2-1", bad: 2, total: 12 },
      { replica: "web-r2-2", bad: 1, total: 2 },
    ]);
  });

  it("from zero when the process began anew, which its start time says, however far it has got", async () => {
    const { send, canary } = world();
    await send("web-r2-1", [{ value: 10 }]);
    canary();
    await send("web-r2-1", [{ value: 25, start: START + 3_500 }]);
    expect(canary()).toEqual([{ replica: "web-r2-1", bad: 0, total: 25 }]);
  });

  it("deltas as they are, but for those that reach back to before", async () => {
    const { send, canary, wall } = world();
    await send("web-r2-1", [{ value: 70 }], 1);
    await send("web-r2-1", [{ value: 8, start: wall() }], 1);
    await send(
      "web-r2-1",
      [
        { value: 2, start: wall(), failed: true },
        { value: 3, start: wall() },
      ],
      1,
    );
    expect(canary()).toEqual([{ replica: "web-r2-1", bad: 2, total: 13 }]);
  });

  it("once what is sent twice, because its sender did not hear the answer", async () => {
    const { json, body, resourceOf, canary, time } = world();
    time.now += 1_000;
    const again = JSON.stringify(body([{ value: 6, start: START + 1_500 }], resourceOf("web-r2-1"), 1));
    expect(await (await json(again)).json()).toEqual({});
    expect(await (await json(again)).json()).toEqual({});
    expect(canary()).toEqual([{ replica: "web-r2-1", bad: 0, total: 6 }]);
  });

  it("nothing of another service, environment or group", async () => {
    const { sendAs, resourceOf, watch, time } = world();
    await sendAs({ ...resourceOf("web-r2-1"), "service.name": "worker" });
    await sendAs({ ...resourceOf("web-r2-1"), "windlass.environment": "shop/staging" });
    await sendAs(resourceOf("web-r9-1"));
    expect(watch.take(time.now)).toEqual({
      kind: "no-data",
      sentence: "the new group r2 has sent nothing over OTLP yet",
    });
  });

  it("an interval only when every replica has been heard of, so that the groups are compared at the same time", async () => {
    const { send, watch, time } = world();
    await send("web-r1-1", [{ value: 1, start: START + 1_500 }]);
    await send("web-r2-1", [{ value: 1, start: START + 1_500 }]);
    expect(watch.take(time.now)).toMatchObject({ intervals: [{ stable: [{ total: 1 }], canary: [{ total: 1 }] }] });
    await send("web-r1-1", [{ value: 50, start: START + 1_500 }]);
    expect(watch.take(time.now)).toEqual({ kind: "data", intervals: [] });
    await send("web-r2-1", [{ value: 6, start: START + 1_500 }]);
    expect(watch.take(time.now)).toMatchObject({ intervals: [{ stable: [{ total: 49 }], canary: [{ total: 5 }] }] });
  });
});

describe("says what is wrong", () => {
  it("when a group falls silent: that is no answer, and the first silence is no data", async () => {
    const { send, watch, time } = world();
    await send("web-r1-1", [{ value: 1 }]);
    expect(watch.take(time.now).kind).toBe("no-data");
    await send("web-r2-1", [{ value: 1 }]);
    time.now += 31_000;
    expect(() => watch.take(time.now)).toThrow("stable r1 has sent nothing over OTLP for 32 s");
  });

  it.each<[string, (resource: Record<string, string>) => Record<string, string>, string]>([
    [
      "no environment",
      ({ "windlass.environment": _, ...rest }) => rest,
      "came without the resource attribute windlass.environment",
    ],
    [
      "no replica",
      ({ "service.instance.id": _, ...rest }) => rest,
      "came without the resource attribute service.instance.id",
    ],
    [
      "an id of its own",
      (all) => ({ ...all, "service.instance.id": "627cc493" }),
      "came without the resource attribute windlass.group, from service.instance.id 627cc493",
    ],
  ])("when what comes has %s", async (_name, change, sentence) => {
    const { sendAs, resourceOf, watch, time } = world();
    await sendAs(change(resourceOf("web-r2-1")));
    expect(watch.take(time.now)).toEqual({
      kind: "no-data",
      sentence: `the new group r2 has sent nothing over OTLP yet; what came ${sentence}`,
    });
  });

  it("when a sender's clock is behind", async () => {
    const { json, body, resourceOf, watch, time } = world();
    await json(JSON.stringify(body([{ value: 1, at: START - 3_600_000 }], resourceOf("web-r2-1"), 2)));
    expect(watch.take(time.now)).toMatchObject({
      sentence: expect.stringContaining("what came is dated 3600 s before this began"),
    });
  });

  it("when there are more bad requests than requests, and keeps them", async () => {
    const { intake, send, watch, time } = world();
    intake.unwatch(watch);
    const wrong = intake.watch(subjectOf(settings), {
      ...settings,
      total: { metric: "requests", attributes: { failed: "false" } },
    });
    await send("web-r2-1", [
      { value: 1, start: START + 1_500 },
      { value: 4, start: START + 1_500, failed: true },
    ]);
    expect(() => wrong.take(time.now)).toThrow(
      '4 bad of 1 in all at replica web-r2-1: "bad" and "total" do not count the same things',
    );
    await send("web-r2-1", [{ value: 9, start: START + 1_500 }]);
    expect(wrong.take(time.now)).toMatchObject({ intervals: [{ canary: [{ bad: 4, total: 9 }] }] });
  });
});
