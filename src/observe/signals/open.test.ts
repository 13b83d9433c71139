import { expect, it } from "vitest";
import { subjectOf } from "../../../test/contract/signal-provider.js";
import { WindlassError } from "../../error.js";
import { openSignalProvider } from "./open.js";

const never = new AbortController().signal;
const POLLED = { everyMs: 5_000, timeoutMs: 5_000, staleMs: 30_000 };
const metric = { metric: "requests", attributes: {} };

const provider = openSignalProvider({
  clock: { now: () => 0, wall: () => 0 },
  secret: async (environment, name) => {
    throw new WindlassError("secret-missing", `the secret ${name} has no value in ${environment}`, {
      hint: `Set it with \`windlass secret set ${name}\`.`,
    });
  },
  otlp: null,
  directory: "/",
  report: (error) => {
    throw error;
  },
});

it("polls nothing that the edge counts", () => {
  expect(() => provider.begin(subjectOf({ kind: "errors" }))).toThrow("the edge counts errors");
});

it("says that it receives nothing where nothing listens for OTLP", async () => {
  const probe = provider.begin(subjectOf({ kind: "otlp", ...POLLED, total: metric, bad: metric }));
  expect(await probe.measure(1, never)).toEqual({
    kind: "no-answer",
    sentence: "this control plane receives nothing over OTLP",
  });
});

it("names the secret that a source needs, and asks nobody without it", async () => {
  const url = "http://127.0.0.1:9/{{group}}";
  const pointers = { bad: "/bad", total: "/total", counts: "cumulative", token: "api-token" } as const;
  const probe = provider.begin(subjectOf({ kind: "http", ...POLLED, url, ...pointers }));
  expect(await probe.measure(1, never)).toEqual({
    kind: "no-answer",
    sentence: "the secret api-token has no value in shop/production. Set it with `windlass secret set api-token`.",
  });
});

it("closes what is open", async () => {
  const probe = provider.begin(subjectOf({ kind: "command", ...POLLED, argv: ["true"] }));
  await provider.close();
  expect(await probe.measure(1, never)).toEqual({ kind: "no-answer", sentence: "the measurement was stopped" });
});
