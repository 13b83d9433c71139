import { describe, expect, it } from "vitest";
import { compiledEnvironment } from "../../api/schema/compiled.js";
import { canary, defineSystem, secret } from "../define.js";
import { effective, originText } from "../effective.js";
import { compile } from "./compile.js";

const WEB = { command: ["node", "server.js"], port: 8080 };
const CHECKOUT = {
  prometheus: {
    url: "http://prometheus:9090",
    bad: 'checkouts_failed_total{replica=~"{{service}}-{{ group }}-.*"}',
    total: 'checkouts_total{replica=~"{{service}}-{{ group }}-.*"}',
    token: secret("prometheus-token"),
  },
};

/** The service `api` of a spec, in staging unless told otherwise. */
function api(fields: object, environments: object = {}, name = "staging") {
  const result = compile({ name: "shop", services: { api: { ...WEB, ...fields } }, environments });
  const environment = result.system?.environments[name];
  if (environment === undefined) throw new Error(JSON.stringify(result.problems, null, 2));
  // What the spec says is what the API takes.
  expect(compiledEnvironment.safeParse(environment).error).toBeUndefined();
  const service = environment.services.api;
  if (service === undefined) throw new Error("no api");
  return service;
}

function wrong(analysis: unknown, fields: object = {}): string[] {
  const problems = compile({ name: "shop", services: { api: { ...WEB, ...fields, analysis } } }).problems ?? [];
  return problems.map(
    ({ path, message, hint }) => `${path.slice(3).join(".")}: ${message}${hint === undefined ? "" : `; ${hint}`}`,
  );
}

describe("without a word about it", () => {
  it("errors and latency are compared, with a known risk and a threshold that is learned", () => {
    expect(api({}).analysis).toEqual({
      falseAlarms: 0.01,
      falsePasses: 0.05,
      signals: [
        { name: "errors", margin: { fail: 0.001, pass: 0.005 }, objective: null, source: { kind: "errors" } },
        {
          name: "slow",
          margin: { fail: 0.01, pass: 0.03 },
          objective: null,
          source: { kind: "slow", slowerThanMs: null },
        },
      ],
    });
  });

  it("a worker has no requests to compare", () => {
    expect(api({ port: undefined }).analysis).toBeNull();
  });
});

describe("the default guard is coarse only where something finer watches the errors", () => {
  const limit = (fields: object) => api(fields).guards.find((guard) => guard.signal === "errors")?.above;
  const objective = { signals: { errors: { objective: "2%" } } };

  it("a canary, or an objective", () => {
    expect(limit({ strategy: "canary" })).toBe(0.5);
    expect(limit({ strategy: "blue-green", analysis: objective })).toBe(0.5);
  });

  it("else it is the 5 % that nobody had to write", () => {
    expect(limit({})).toBe(0.05);
    expect(limit({ strategy: "blue-green" })).toBe(0.05);
    expect(limit({ strategy: "canary", analysis: false })).toBe(0.05);
    expect(limit({ strategy: "canary", analysis: { signals: { errors: false } } })).toBe(0.05);
  });

  it("and a list of one's own is left alone", () => {
    expect(api({ strategy: "canary", guards: [] }).guards).toEqual([]);
  });
});

describe("signals", () => {
  it("come from Prometheus, OpenTelemetry, a web query or a command, the edge's own before them", () => {
    const signals = {
      smoke: {
        command: "k6 run smoke.js",
        objective: "1%",
        every: "1m",
        timeout: "50s",
        stale: "5m",
        margin: { pass: "10%" },
      },
      checkout: CHECKOUT,
      orders: { otlp: { bad: { metric: "orders", attributes: { ok: "no" } }, total: "orders" } },
      logins: { http: { url: "https://stats/{{service}}/{{group}}", bad: "/failed", total: "/all" } },
      errors: { objective: "1%" },
    };
    const poll = { everyMs: 10_000, timeoutMs: 5_000, staleMs: 60_000 };
    const { analysis } = api({ analysis: { signals } });
    expect(analysis?.signals.map(({ name }) => name)).toEqual([
      "errors",
      "slow",
      "checkout",
      "logins",
      "orders",
      "smoke",
    ]);
    expect(analysis?.signals.filter((one) => one.name !== "slow").map((one) => one.source)).toEqual([
      { kind: "errors" },
      { kind: "prometheus", ...CHECKOUT.prometheus, replicaLabel: "instance", token: "prometheus-token", ...poll },
      {
        kind: "http",
        url: "https://stats/{{service}}/{{group}}",
        bad: "/failed",
        total: "/all",
        counts: "cumulative",
        token: null,
        ...poll,
      },
      {
        kind: "otlp",
        bad: { metric: "orders", attributes: { ok: "no" } },
        total: { metric: "orders", attributes: {} },
        ...poll,
      },
      { kind: "command", argv: ["k6", "run", "smoke.js"], everyMs: 60_000, timeoutMs: 50_000, staleMs: 300_000 },
    ]);
    expect(analysis?.signals.find(({ name }) => name === "smoke")?.margin).toEqual({ fail: 0.01, pass: 0.1 });
  });

  it("a time that is written moves the defaults of the others", () => {
    const times = (written: object) =>
      api({ analysis: { signals: { checkout: { ...CHECKOUT, ...written } } } }).analysis?.signals.at(-1)?.source;
    expect(times({ every: "2s" })).toMatchObject({ everyMs: 2_000, timeoutMs: 2_000, staleMs: 60_000 });
    expect(times({ every: "1m" })).toMatchObject({ everyMs: 60_000, timeoutMs: 5_000, staleMs: 120_000 });
    expect(times({ timeout: "30s" })).toMatchObject({ everyMs: 30_000, timeoutMs: 30_000, staleMs: 60_000 });
  });

  it("have thresholds of their own, beside those of guards", () => {
    const guards = [{ signal: "slow", slowerThan: "2s", above: "50%" }];
    const service = api({ guards, analysis: { signals: { slow: { slowerThan: "300ms" } } } });
    expect(service.guards[0]?.slowMs).toBe(2_000);
    expect(service.analysis?.signals[1]?.source).toEqual({ kind: "slow", slowerThanMs: 300 });
  });
});

describe("an environment", () => {
  const authored = defineSystem({
    name: "shop",
    services: { api: { ...WEB, strategy: canary(), analysis: { signals: { checkout: CHECKOUT, command: CHECKOUT } } } },
    environments: {
      development: { services: { api: { analysis: false } } },
      staging: {
        services: {
          api: {
            analysis: {
              signals: {
                checkout: { every: "30s" },
                slow: false,
                command: { http: { url: "http://x/{{group}}", bad: "/b", total: "/t" } },
              },
            },
          },
        },
      },
      production: {
        services: { api: { analysis: { falseAlarms: "0.1%", signals: { checkout: null, command: null } } } },
      },
    },
  });
  const names = (environment: string) => {
    const compiled = compile(authored).system?.environments[environment]?.services.api?.analysis;
    return compiled?.signals.map(({ name, source }) => `${name} ${source.kind}`) ?? compiled;
  };

  it("changes one signal, turns one off, or all", () => {
    expect(names("development")).toBeNull();
    expect(names("staging")).toEqual(["errors errors", "checkout prometheus", "command http"]);
    expect(names("production")).toEqual(["errors errors", "slow slow"]);
  });

  it("shows what is in force, and which part nobody chose", () => {
    const row = (environment: string, field: string) => {
      const found = effective(authored, environment).find((one) => one.field === `services.api.analysis${field}`);
      return found && `${found.value} | ${originText(found.origin)}`;
    };
    expect(row("development", "")).toBe("none | environment development");
    expect(row("production", ".falseAlarms")).toBe("0.1% | environment production");
    expect(row("production", ".falsePasses")).toBe("5% | default");
    expect(row("production", ".signals.slow.slowerThan")).toBe("learned | default");
    expect(row("production", ".signals.errors.objective")).toBe("none | default");
    expect(row("staging", ".signals.slow")).toBe("none | environment staging");
    expect(row("staging", ".signals.checkout.every")).toBe("30s | environment staging");
    expect(row("staging", ".signals.checkout.prometheus.token")).toBe("secret(prometheus-token) | system");
    expect(row("staging", ".signals.command.prometheus.url")).toBeUndefined();
  });
});

describe("what is wrong", () => {
  it("is told all at once, each with what to do", () => {
    expect(
      wrong({
        falseAlarms: "0%",
        signals: {
          errors: { margin: { fail: "1%" }, slowerThan: "1s", command: ["x"] },
          slow: { slowerThan: "0s", objective: "100%" },
          restarts: { command: ["x"] },
          nobody: {},
          both: { command: ["x"], otlp: { bad: "b", total: "t" } },
          late: { command: ["x", "{{group}}"], every: "10s", timeout: "20s", stale: "15s" },
          often: { command: "a | b", every: "100ms", timeout: "0s", objective: "1%" },
        },
      }),
    ).toEqual([
      "falseAlarms: a risk is more than 0% and less than 100%",
      "signals.errors.margin: fail (1%) is not less than pass (0.5%): a release could fail and pass at once; write both, fail first: between them nothing is decided",
      'signals.errors.slowerThan: only the signal "slow" has it; slow: { slowerThan: … }',
      "signals.errors.command: the edge counts errors itself, every second; give what others count another name",
      "signals.slow.objective: an objective is more than 0% and less than 100%",
      "signals.slow.slowerThan: every request takes longer than nothing",
      'signals.restarts: "restarts" is counted by a guard; choose another name',
      'signals.nobody: nobody counts "nobody"; it needs a source: prometheus, otlp, http, command',
      "signals.both: a signal has one source, not otlp and command",
      "signals.late.timeout: the timeout is longer than every: questions would overlap; shorten timeout or lengthen every",
      "signals.late.stale: one answer that is late would count as none; stale is at least twice every",
      "signals.often.every: a source is asked once a second at most",
      "signals.often.timeout: a timeout is longer than nothing",
      'signals.often.command: "|" means something to a shell only, and no shell is started; write a list: ["node", "server.js"], or ["sh", "-c", "…"] for a shell',
    ]);
  });

  it("is a shape that no signal has", () => {
    expect(
      wrong({
        falsePasses: "101%",
        signals: {
          Errors: { margin: { fail: "1%" } },
          slow: { slowerthan: "1s" },
          one: { http: { url: "http://x/{{group}}", bad: "failed", total: "/all~" } },
        },
      }).sort(),
    ).toEqual([
      'falsePasses: not a percentage; write "5%", between 0% and 100%',
      'signals.Errors: "Errors" is not a name; up to 63 lower-case letters, digits and dashes, beginning with a letter',
      'signals.one.http.bad: not a JSON pointer; begin it with "/": "/requests/failed" (RFC 6901)',
      'signals.one.http.total: not a JSON pointer; begin it with "/": "/requests/failed" (RFC 6901)',
      'signals.slow.slowerthan: unknown key "slowerthan"; did you mean "slowerThan"?',
    ]);
  });

  it("is a question that cannot be asked, or that is the same for both releases", () => {
    const prometheus = { url: "prometheus:9090", bad: "failed{v='{{group}}'}", total: "all{v='{{revision}}'}" };
    const http = {
      url: "https://user:pass@stats/{{group}}",
      bad: "/b",
      total: "/t",
      token: secret("t", { generate: true }),
    };
    expect(wrong({ signals: { one: { prometheus }, two: { http } } })).toEqual([
      'signals.one.prometheus.url: not a URL that can be asked; write "http://host:port/…" or https',
      'signals.one.prometheus.total: "{{revision}}" stands for nothing; known: {{group}}, {{service}}, {{environment}}',
      'signals.two.http.url: the URL holds a user or a password; token: secret("…") keeps it out of the spec',
      "signals.two.http.token.generate: somebody else's token cannot be made up; remove generate",
    ]);
    expect(wrong({ signals: { one: { prometheus: { ...CHECKOUT.prometheus, total: "all" } } } })).toEqual([
      'signals.one.prometheus.total: {{group}} is missing: both releases would have the same counts; as in {replica=~"{{service}}-{{group}}-.*"}',
    ]);
  });

  it("is what a worker has nobody to compare with", () => {
    const signals = { errors: {}, jobs: { otlp: { bad: "jobs.failed", total: "jobs" } } };
    expect(wrong({ signals }, { port: undefined })).toEqual([
      'signals.jobs: a worker is never a canary, so there is nothing to compare this with; objective: "1%" says which share of bad ones is allowed',
      "signals.errors: a worker has no requests that could be errors; remove it",
    ]);
    expect(
      wrong({ signals: { errors: false, jobs: { ...signals.jobs, objective: "1%" } } }, { port: undefined }),
    ).toEqual([]);
  });

  it("is a command that measures the new release alone, without an objective", () => {
    expect(wrong({ signals: { smoke: { command: "k6 run smoke.js" } } })).toEqual([
      'signals.smoke: the command measures the new release alone, so there is nothing to compare it with; objective: "1%" says which share of bad ones is allowed; {{group}} in an argument measures both',
    ]);
    expect(wrong({ signals: { smoke: { command: ["k6", "run", "{{group}}.js"] } } })).toEqual([]);
  });
});
