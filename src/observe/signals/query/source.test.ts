import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { EVERY_MS, STALE_MS, subjectOf } from "../../../../test/contract/signal-provider.js";
import { FakeServer, webQueryWorld } from "../../../../test/contract/signal-web-worlds.js";
import type { SignalProbe } from "../../../ports/signal-provider.js";
import { at } from "./json-pointer.js";
import type { WebQuerySettings } from "./source.js";

let world: Awaited<ReturnType<typeof webQueryWorld>>;
beforeEach(async () => {
  world = await webQueryWorld("web-token");
});
afterEach(() => world.end());

const never = new AbortController().signal;
const begin = (changes: Partial<WebQuerySettings> = {}): SignalProbe =>
  world.provider.begin(subjectOf({ ...(world.source as WebQuerySettings), ...changes }));
const look = (probe: SignalProbe, afterMs = EVERY_MS) => {
  world.now += afterMs;
  return probe.measure(world.now, never);
};
const answers = (text: string, status = 200, headers: Record<string, string> = {}): void =>
  world.server.answer((_request, _body, response) => {
    response.writeHead(status, headers).end(text);
  });

it("asks about the new group alone when the address does not say {{group}}: stable is not measured", async () => {
  const asked: string[] = [];
  let all = 0;
  world.server.answer((request, _body, response) => {
    asked.push(request.url ?? "");
    all += 10;
    response.end(JSON.stringify({ bad: all / 10, all }));
  });
  const probe = begin({ url: `${world.server.url}/{{service}}/counts?of={{environment}}`, bad: "/bad", total: "/all" });
  await look(probe);
  expect(await look(probe)).toMatchObject({
    intervals: [{ stable: [], canary: [{ replica: "all", bad: 1, total: 10 }] }],
  });
  expect(asked).toEqual(Array(2).fill("/web/counts?of=shop%2Fproduction"));
});

it("takes counts since the last query as they are, but for the first, which is of a time before", async () => {
  answers('{"requests":{"all":7,"5xx":1}}');
  const probe = begin({ counts: "delta" });
  expect(await look(probe)).toEqual({ kind: "data", intervals: [] });
  const counted = { replica: "all", bad: 1, total: 7 };
  expect(await look(probe)).toEqual({
    kind: "data",
    intervals: [{ at: world.now - EVERY_MS, stable: [counted], canary: [counted] }],
  });
  expect(await look(probe, STALE_MS + 1)).toEqual({ kind: "data", intervals: [] });
});

it("begins anew with counts since the last query when one of the two answers is missing: the other's are gone", async () => {
  answers('{"requests":{"all":7,"5xx":1}}');
  const probe = begin({ counts: "delta" });
  await look(probe);
  world.server.answer((request, _body, response) => {
    if (request.url?.includes("r1") === true) response.statusCode = 404;
    response.end('{"requests":{"all":7,"5xx":1}}');
  });
  expect((await look(probe)).kind).toBe("no-answer");
  answers('{"requests":{"all":7,"5xx":1}}');
  expect(await look(probe)).toEqual({ kind: "data", intervals: [] });
  expect(await look(probe)).toMatchObject({ intervals: [{ canary: [{ total: 7 }] }] });
});

it("follows a redirect within its origin with the token, and none to another one", async () => {
  const stranger = await new FakeServer((_request, _body, response) => response.end("{}")).listen();
  try {
    const tokens: (string | undefined)[] = [];
    world.server.answer(({ url, headers }, _body, response) => {
      tokens.push(headers.authorization);
      if (url === "/new") response.end('{"requests":{"all":1,"5xx":0}}');
      else response.writeHead(307, { location: "/new" }).end();
    });
    expect((await look(begin())).kind).toBe("data");
    expect(new Set(tokens)).toEqual(new Set(["Bearer value-of-shop-production-web-token"]));
    answers("", 302, { location: `${stranger.url}/steal` });
    expect(await look(begin())).toEqual({
      kind: "no-answer",
      sentence: `${world.server.url}/counts redirects to ${stranger.url}, which is not followed`,
    });
    answers("", 302, { location: "/counts" });
    expect(await look(begin())).toMatchObject({ sentence: expect.stringContaining("redirects more than 3 times") });
  } finally {
    await stranger.close();
  }
});

describe("says in a sentence what is no answer:", () => {
  it.each<[string, string, number, Record<string, string>, string]>([
    ["another status", "no such page", 404, {}, "/counts answered with status 404"],
    ["a wrong token", "", 403, {}, "lets nobody ask without the right token (status 403)"],
    [
      "a page",
      "<!doctype html>\n<title>Login</title>",
      200,
      {},
      "did not answer with JSON, but: <!doctype html> <title>Login</title>",
    ],
    ["a missing number", '{"requests":{"all":3}}', 200, {}, "has nothing at /requests/5xx"],
    ["a number as text", '{"requests":{"all":"3","5xx":0}}', 200, {}, 'has "3" at /requests/all, no count'],
    ["half a request", '{"requests":{"all":3.5,"5xx":0}}', 200, {}, "has 3.5 at /requests/all, no count"],
    ["what a cache kept", '{"requests":{"all":3,"5xx":0}}', 200, { age: "31" }, "is 31 s old, from a cache"],
  ])("%s", async (_name, text, status, headers, sentence) => {
    answers(text, status, headers);
    expect(await look(begin())).toEqual({ kind: "no-answer", sentence: expect.stringContaining(sentence) });
  });

  it("an address that is none", async () => {
    expect(await look(begin({ url: "file:///etc/passwd" }))).toEqual({
      kind: "no-answer",
      sentence: "the source's url is none of http or https",
    });
  });
});

it("reads numbers whatever the content type says, and takes null and 204 for no data", async () => {
  answers('\uFEFF{"requests":{"all":3,"5xx":0}}', 200, { "content-type": "text/html" });
  expect((await look(begin())).kind).toBe("data");
  answers('{"requests":{"all":null,"5xx":0}}');
  expect((await look(begin())).kind).toBe("no-data");
  answers("", 204);
  expect((await look(begin())).kind).toBe("no-data");
});

it("finds the group in the document, too, when a pointer says {{group}}", async () => {
  const of = (all: number) =>
    JSON.stringify({ "shop/production": { r1: { bad: 0, all: 10 * all }, r2: { bad: 1, all } } });
  const probe = begin({ bad: "/{{environment}}/{{group}}/bad", total: "/{{environment}}/{{group}}/all" });
  answers(of(10));
  await look(probe);
  answers(of(12));
  expect(await look(probe)).toMatchObject({ intervals: [{ stable: [{ total: 20 }], canary: [{ bad: 0, total: 2 }] }] });
});

it("finds values as RFC 6901 has it", () => {
  const document = { foo: ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, " ": 7, "m~n": 8, __proto__: null };
  expect(["", "/foo/0", "/", "/a~1b", "/c%d", "/ ", "/m~0n"].map((pointer) => at(pointer, document))).toEqual([
    document,
    "bar",
    0,
    1,
    2,
    7,
    8,
  ]);
  expect(["/foo/2", "/foo/-", "/foo/00", "/foo/length", "/toString", "/foo/0/1"].map((p) => at(p, document))).toEqual(
    Array(6).fill(undefined),
  );
  for (const wrong of ["foo", "$.foo", "/a~2b"]) expect(() => at(wrong, document)).toThrow("is no JSON pointer");
});
