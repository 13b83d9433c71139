import { describe, expect, test } from "vitest";
import { bucketOf, LATENCY_BUCKETS } from "../../../core/analysis/latency.js";
import { deltaOf } from "./delta.js";
import { readExposition } from "./exposition.js";
import { parseCursor, readingOf } from "./reading.js";

const NAME = "httproute-shop-web-gw-gateway-windlass-ep-web-0-svc-shop-web-1a2b3c4d5e-0@kubernetesgateway";
const lines = (code: string, fast: number, all: number): string =>
  [
    `traefik_service_request_duration_seconds_bucket{code="${code}",method="GET",protocol="http",service="${NAME}",le="0.05"} ${fast}`,
    `traefik_service_request_duration_seconds_bucket{code="${code}",method="GET",protocol="http",service="${NAME}",le="+Inf"} ${all}`,
    `traefik_service_request_duration_seconds_count{code="${code}",method="GET",protocol="http",service="${NAME}"} ${all}`,
  ].join("\n");
const BACKEND = "shop-web-1a2b3c4d5e";

describe("what a gateway counted", () => {
  test("is read by backend, with its errors and latencies", () => {
    const counts = readExposition(`# HELP x\n${lines("200", 8, 10)}\n${lines("502", 1, 2)}\n`);
    expect(counts.get(BACKEND)).toEqual({
      total: 12,
      errors: 2,
      upTo: new Map([
        [0.05, 9],
        [Number.POSITIVE_INFINITY, 12],
      ]),
    });
  });

  test("lines that cannot be understood count nothing", () => {
    expect(readExposition('traefik_service_request_duration_seconds_bucket{le="0.1"} x\nnonsense{')).toEqual(new Map());
  });

  test("between two looks is their difference, each request in one bucket", () => {
    const [before, after] = [
      readExposition(lines("200", 8, 10)),
      readExposition(`${lines("200", 18, 25)}\n${lines("500", 0, 3)}`),
    ];
    const delta = deltaOf(before.get(BACKEND), after.get(BACKEND) ?? { total: 0, errors: 0, upTo: new Map() });
    expect(delta).toEqual({ total: 18, errors: 3, latencies: { [bucketOf(50)]: 10, [LATENCY_BUCKETS - 1]: 8 } });
  });

  test("that fell counts from nothing: the gateway restarted", () => {
    const after = readExposition(lines("200", 2, 3)).get(BACKEND);
    if (after === undefined) throw new Error("no backend");
    expect(deltaOf({ total: 10, errors: 0, upTo: new Map() }, after)?.total).toBe(3);
    expect(deltaOf(after, after)).toBeNull();
  });
});

describe("a reading", () => {
  const counts = { total: 4, errors: 1, latencies: { [bucketOf(50)]: 3, [bucketOf(2_000)]: 1 } };
  const backends = new Map([[BACKEND, { service: "web", group: "r1", slowMs: 500 }]]);

  test("has one block per group and second, of the environment's own backends, with what is slow", () => {
    const page = {
      seconds: [
        [
          5_000,
          new Map([
            [BACKEND, counts],
            ["other-api-1", counts],
          ]),
        ],
      ] as const,
      completeTo: 6_000,
    };
    const { blocks, completeTo, cursor } = readingOf(page, backends, [], Number.NEGATIVE_INFINITY);
    expect(blocks).toMatchObject([
      { at: 5_000, service: "web", group: "r1", total: 4, errors: 1, slow: 1, restarts: 0 },
    ]);
    expect([completeTo, parseCursor(cursor)]).toEqual([6_000, 6_000]);
  });

  test("has restarts by pod, none twice", () => {
    const restart = { at: 5_000, service: "web", group: "r1", replica: "web-1-x" };
    const first = readingOf({ seconds: [], completeTo: 5_000 }, backends, [restart], 0);
    expect(first.blocks).toEqual([]);
    const second = readingOf({ seconds: [], completeTo: 6_000 }, backends, [restart], parseCursor(first.cursor));
    expect(second.blocks).toMatchObject([{ restarts: 1, replica: "web-1-x", total: 0 }]);
    expect(
      readingOf({ seconds: [], completeTo: 7_000 }, backends, [restart], parseCursor(second.cursor)).blocks,
    ).toEqual([]);
  });

  test("with a cursor of another target is refused", () => {
    expect(() => parseCursor("edge|1|2|3")).toThrow(expect.objectContaining({ code: "kubernetes-signal-cursor" }));
  });
});
