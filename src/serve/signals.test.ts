import http from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import type { CompiledSignal, CompiledSource } from "../spec/compiled.js";
import { otlpAddress, type ServedSignals, serveSignals } from "./signals.js";

const TIMES = { everyMs: 5_000, timeoutMs: 1_000, staleMs: 15_000 };
const requests = { metric: "http.requests", attributes: {} };
const OTLP: CompiledSource = { kind: "otlp", total: requests, bad: requests, ...TIMES };
const clock = { now: () => 1_000_000, wall: () => Date.now() };

let open: ServedSignals | null = null;
let other: http.Server | null = null;
afterEach(async () => {
  await open?.close();
  other?.close();
  [open, other] = [null, null];
});

function subjectOf(source: CompiledSource) {
  const signal: CompiledSignal = { name: "checkout", margin: { fail: 0, pass: 0.01 }, objective: null, source };
  return { environment: "shop/production", service: "web", signal, stable: "r1", canary: "r2" };
}

function serve(port: number): readonly string[] {
  const said: string[] = [];
  open = serveSignals({ daemon: "/nowhere" }, clock, (_level, message) => said.push(message), {
    host: "127.0.0.1",
    port,
  });
  return said;
}

test("the port for OTLP is opened when the first rollout wants it, once, and closed in the end", async () => {
  const said = serve(0);
  const command = open?.begin(subjectOf({ kind: "command", argv: ["true"], ...TIMES }));
  await command?.measure(1_000_000, AbortSignal.timeout(5_000));
  expect(said).toEqual([]);
  for (const probe of [open?.begin(subjectOf(OTLP)), open?.begin(subjectOf(OTLP))])
    expect(await probe?.measure(1_000_000, AbortSignal.timeout(5_000))).not.toMatchObject({
      kind: "data",
      intervals: [1],
    });
  expect(said).toEqual([expect.stringMatching(/^receives OTLP at http:/)]);
  const url = `${said[0]?.replace("receives OTLP at ", "")}/v1/metrics`;
  const sent = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body: "{}" });
  expect(sent.status).toBe(200);
  await open?.close();
  await expect(fetch(url)).rejects.toThrow();
});

test("a port that somebody else has is no answer, which says so; the next look tries again", async () => {
  other = http.createServer();
  await new Promise<void>((resolve) => other?.listen(0, "127.0.0.1", resolve));
  serve((other.address() as AddressInfo).port);
  const probe = open?.begin(subjectOf(OTLP));
  const refused = await probe?.measure(1_000_000, AbortSignal.timeout(5_000));
  expect(refused).toMatchObject({
    kind: "no-answer",
    sentence: expect.stringContaining("is taken by another program"),
  });
  await new Promise((resolve) => other?.close(resolve));
  expect(JSON.stringify(await probe?.measure(1_001_000, AbortSignal.timeout(5_000)))).not.toContain("taken");
});

test("a token that was never set is no answer, and names the secret", async () => {
  serve(0);
  const url = "http://127.0.0.1:9/{{group}}";
  const source: CompiledSource = {
    kind: "http",
    url,
    bad: "/bad",
    total: "/total",
    counts: "delta",
    token: "key",
    ...TIMES,
  };
  const answer = await open?.begin(subjectOf(source)).measure(1_000_000, AbortSignal.timeout(5_000));
  expect(answer).toMatchObject({ kind: "no-answer", sentence: expect.stringContaining("the secret key has no value") });
});

test("the port is another one when the environment says so, and said to be none when it is none", () => {
  expect(otlpAddress({})).toEqual({ host: "127.0.0.1", port: 4318 });
  expect(otlpAddress({ WINDLASS_OTLP_PORT: "4319" })).toEqual({ host: "127.0.0.1", port: 4319 });
  for (const wrong of ["http", "0", "70000", "43.5"])
    expect(() => otlpAddress({ WINDLASS_OTLP_PORT: wrong })).toThrow(/which is not a port/);
});
