import { expect, test } from "vitest";
import { requestHeaders, responseHeaders } from "./headers.js";
import { requestIdOf } from "./request-id.js";

test("end-to-end headers pass as they came; hop-by-hop ones, and those that Connection names, do not", () => {
  const raw = [
    "Host",
    "a.test",
    "Connection",
    "Keep-Alive, X-Secret",
    "X-Secret",
    "1",
    "TE",
    "trailers",
    "traceparent",
    "00-1",
  ];
  expect(requestHeaders(raw, "10.0.0.9", "https", "a.test", "id-1")).toEqual([
    ...["Host", "a.test", "traceparent", "00-1", "x-forwarded-for", "10.0.0.9", "x-forwarded-proto", "https"],
    ...["x-forwarded-host", "a.test", "x-request-id", "id-1"],
  ]);
});

test("a client cannot claim hops before the edge, nor take framing or its address away by naming them in Connection", () => {
  const raw = [
    "Host",
    "a",
    "X-Forwarded-For",
    "6.6.6.6",
    "Forwarded",
    "for=6.6.6.6",
    "Connection",
    "x-forwarded-for, host, content-length",
    "Content-Length",
    "3",
  ];
  const headers = requestHeaders(raw, "10.0.0.9", "http", "a", "id");
  expect(headers.filter((part) => part.includes("6.6.6.6"))).toEqual([]);
  expect(headers).toContain("10.0.0.9");
  expect(headers).toContain("Content-Length");
  expect(headers).toContain("Host");
});

test("several cookies of an answer stay several; its length is read, its framing is the edge's own", () => {
  const raw = [
    "Set-Cookie",
    "a=1",
    "Set-Cookie",
    "b=2",
    "Transfer-Encoding",
    "chunked",
    "Content-Length",
    "12",
    "x-request-id",
    "theirs",
  ];
  const answer = responseHeaders(
    raw.map((part) => Buffer.from(part)),
    "ours",
  );
  expect(answer.length).toBe(12);
  expect(answer.headers).toEqual([
    "Set-Cookie",
    "a=1",
    "Set-Cookie",
    "b=2",
    "Content-Length",
    "12",
    "x-request-id",
    "ours",
  ]);
});

test("a request id is kept when it is harmless, else a new one is made", () => {
  expect(requestIdOf("4bf92f35-77b3:4da6")).toBe("4bf92f35-77b3:4da6");
  const made = ['"; drop', "a b", "", "x".repeat(129), undefined].map(requestIdOf);
  expect(new Set(made).size).toBe(made.length);
  for (const id of made) expect(id).toMatch(/^[\w-]+$/);
});
