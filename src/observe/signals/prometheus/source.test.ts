import { afterEach, beforeEach, expect, it } from "vitest";
import { CANARY, EVERY_MS, STABLE, subjectOf } from "../../../../test/contract/signal-provider.js";
import { prometheusWorld } from "../../../../test/contract/signal-web-worlds.js";
import type { SignalProbe } from "../../../ports/signal-provider.js";
import type { PrometheusSettings } from "./source.js";

let world: Awaited<ReturnType<typeof prometheusWorld>>;
beforeEach(async () => {
  world = await prometheusWorld("metrics-token");
});
afterEach(() => world.end());

const never = new AbortController().signal;
const begin = (changes: Partial<PrometheusSettings> = {}): SignalProbe =>
  world.provider.begin(subjectOf({ ...(world.source as PrometheusSettings), ...changes }));
const look = (probe: SignalProbe) => {
  world.now += EVERY_MS;
  return probe.measure(world.now, never);
};

it("asks all four questions about the same moment, with the token, and says how old a sample may be", async () => {
  const asked: { authorization: string | undefined; body: URLSearchParams; method: string | undefined }[] = [];
  world.server.answer(({ headers, method }, body, response) => {
    asked.push({ authorization: headers.authorization, body: new URLSearchParams(body), method });
    response.end('{"status":"success","data":{"resultType":"vector","result":[]}}');
  });
  expect(await look(begin())).toEqual({ kind: "no-data", sentence: "Prometheus has no counts of the new group r2" });
  expect(asked).toHaveLength(4);
  expect(new Set(asked.map(({ body }) => body.get("time"))).size).toBe(1);
  expect(asked.map(({ body }) => body.get("query")).sort()).toEqual([
    'errors{group="r1"}',
    'errors{group="r2"}',
    'requests{group="r1"}',
    'requests{group="r2"}',
  ]);
  for (const { authorization, body, method } of asked) {
    expect(authorization).toBe("Bearer value-of-shop-production-metrics-token");
    expect(method).toBe("POST");
    expect(body.get("lookback_delta")).toBe("30000ms");
  }
});

it("never repeats the token, not even when the other side does", async () => {
  world.server.answer(({ headers }, _body, response) => {
    response.statusCode = 400;
    response.end(JSON.stringify({ status: "error", errorType: "bad_data", error: `got ${headers.authorization}` }));
  });
  expect(await look(begin())).toEqual({ kind: "no-answer", sentence: expect.stringContaining("got Bearer •••") });
});

it("asks again while the answer is a 5xx, and says the last one when it stays", async () => {
  let times = 0;
  world.server.answer((_request, _body, response) => {
    times += 1;
    response.statusCode = 503;
    response.end("starting");
  });
  const alone = world.provider.begin(subjectOf(world.source, null));
  expect(await look(alone)).toEqual({
    kind: "no-answer",
    sentence: expect.stringMatching(/^Prometheus answered "(bad|total)" with status 503, and not with JSON$/),
  });
  expect(times).toBeGreaterThan(2);
});

it("asks once when the query is wrong: it stays wrong", async () => {
  let times = 0;
  world.server.answer((_request, _body, response) => {
    times += 1;
    response.statusCode = 400;
    response.end('{"status":"error","errorType":"bad_data","error":"parse error"}');
  });
  const alone = world.provider.begin(subjectOf(world.source, null));
  expect((await look(alone)).kind).toBe("no-answer");
  expect(times).toBeLessThanOrEqual(2);
});

it("refuses a query that would give both groups the same counts", async () => {
  expect(await look(begin({ bad: "sum(errors)" }))).toEqual({
    kind: "no-answer",
    sentence: '"bad" does not say {{group}}: both groups would get its counts',
  });
});

it("says nothing about the release while stable's counts are gone, and counts on for both when they are back", async () => {
  const probe = begin();
  await world.start(STABLE);
  await world.start(CANARY);
  await look(probe);
  const answers = world.server;
  const hidden: { stable: boolean } = { stable: true };
  const totals: Record<string, number> = { [STABLE]: 50, [CANARY]: 20 };
  answers.answer((_request, body, response) => {
    const query = new URLSearchParams(body).get("query") ?? "";
    const group = query.includes(STABLE) ? STABLE : CANARY;
    const there = query.startsWith("requests") && !(hidden.stable && group === STABLE);
    const result = there ? [{ metric: { group, replica: `web-${group}-1` }, value: [0, `${totals[group]}`] }] : [];
    response.end(JSON.stringify({ status: "success", data: { resultType: "vector", result } }));
  });
  expect(await look(probe)).toEqual({ kind: "no-answer", sentence: "Prometheus has no counts of stable r1 any more" });
  hidden.stable = false;
  expect(await look(probe)).toMatchObject({
    kind: "data",
    intervals: [{ stable: [{ total: 50 }], canary: [{ total: 20 }] }],
  });
});

it("tells clocks that are apart from a group that has no counts", async () => {
  world.server.answer((_request, _body, response) => {
    response.setHeader("date", new Date("2026-11-21T12:00:00Z").toUTCString());
    response.end('{"status":"success","data":{"resultType":"vector","result":[]}}');
  });
  expect(await look(begin())).toEqual({
    kind: "no-answer",
    sentence: expect.stringMatching(/^the clocks of Prometheus and of this machine are \d+ s apart$/),
  });
});
