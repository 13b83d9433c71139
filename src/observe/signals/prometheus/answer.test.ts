import { describe, expect, it } from "vitest";
import { countersIn } from "./answer.js";

const ask = (json: unknown, status = 200) =>
  countersIn({ status, headers: {}, text: typeof json === "string" ? json : JSON.stringify(json) }, "bad", "replica");
const vector = (...result: unknown[]) => ({ status: "success", data: { resultType: "vector", result } });
const of = (value: string, metric: Record<string, string> = { replica: "web-r2-1" }) => ({ metric, value: [0, value] });

it("reads one counter per series, whatever the order of its labels", () => {
  const [first] = ask(vector(of("17", { replica: "a", code: "500" })));
  const [second] = ask(vector(of("18.0000000001", { code: "500", replica: "a" })));
  expect(first).toEqual({ series: '[["code","500"],["replica","a"]]', replica: "a", field: "bad", value: 17 });
  expect(second).toEqual({ ...first, value: 18 });
});

it("takes an empty vector for nothing, and the zero of `or vector(0)`, too", () => {
  expect(ask(vector())).toEqual([]);
  expect(ask(vector(of("0", {})))).toEqual([]);
});

describe("says in a sentence what is no answer:", () => {
  const sentences: readonly [string, unknown, number, string | RegExp][] = [
    [
      "a query that it cannot read",
      { status: "error", errorType: "bad_data", error: "1:5: parse error" },
      400,
      'Prometheus refuses "bad": 1:5: parse error',
    ],
    [
      "one that took too long there",
      { status: "error", errorType: "timeout", error: "query timed out" },
      503,
      'Prometheus gave "bad" up: query timed out',
    ],
    ["a proxy's page", "<html>Bad gateway</html>", 502, 'Prometheus answered "bad" with status 502, and not with JSON'],
    ["half a document", '{"status":"succ', 200, `Prometheus' answer to "bad" is not JSON`],
    ["a wrong token", "Unauthorized", 401, "Prometheus lets nobody ask without the right token (status 401)"],
    ["a login page", "", 302, /redirect \(status 302\), which is not followed/],
    [
      "a part of the data",
      { ...vector(of("1")), warnings: ["store-2 is away"] },
      200,
      'Prometheus answered "bad" in part only: store-2 is away',
    ],
    [
      "a matrix",
      { status: "success", data: { resultType: "matrix", result: [] } },
      200,
      /"bad" gives a matrix, not a vector/,
    ],
    ["a rate", vector(of("0.35")), 200, /"bad" is 0.35 at replica web-r2-1, no whole number.*without rate\(\)/],
    ["not a number", vector(of("NaN")), 200, '"bad" is NaN at replica web-r2-1'],
    ["infinity", vector(of("+Inf")), 200, '"bad" is +Inf at replica web-r2-1'],
    ["a balance", vector(of("-3")), 200, '"bad" is -3 at replica web-r2-1'],
    [
      "no replicas",
      vector(of("3", { job: "web" })),
      200,
      '"bad" gives a series without the label replica: sum by (replica) (…)',
    ],
    ["native histograms", vector({ metric: { replica: "a" }, histogram: [0, {}] }), 200, /native histograms/],
    ["another form", vector({ metric: 7 }), 200, /has another form: 0\.metric/],
    [
      "too many series",
      vector(...Array.from({ length: 2_001 }, (_, i) => of("1", { replica: `${i}` }))),
      200,
      /2001 series, more than 2000/,
    ],
    ["something else with an error's status", { surprise: true }, 500, /^Prometheus answered "bad" with status 500/],
  ];
  it.each(sentences)("%s", (_name, json, status, sentence) => {
    expect(() => ask(json, status)).toThrow(sentence);
  });
});
