import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { SignalSecond } from "../../src/core/analysis/second.js";
import { type OpenSignalProvider, openSignalProvider } from "../../src/observe/signals/open.js";
import type { PrometheusSettings } from "../../src/observe/signals/prometheus/source.js";
import type { Measurement, ProbeSubject, SignalProbe } from "../../src/ports/signal-provider.js";
import { Counts } from "../../src/targets/host/edge/counts.js";
import { exposition } from "../../src/targets/host/edge/exposition.js";
import { eventually } from "../scenario/lab/eventually.js";
import { Exposed, PROMETHEUS, PrometheusServer } from "./prometheus-server.js";

const FIGURES = {
  version: "0.0.0",
  generation: 1,
  connections: 0,
  upgrades: 0,
  uploads: 0,
  logDropped: 0,
  startedAtSeconds: 0,
};
const SERVICE = "shop/production/web";
const OK = 2;
const ERROR = 5;
const never = new AbortController().signal;

/** As docs/how-to/signals.md has them. */
const EDGE = {
  total: 'sum by (replica) (windlass_edge_requests_total{service="{{environment}}/{{service}}",group="{{group}}"})',
  bad: 'sum by (replica) (windlass_edge_requests_total{service="{{environment}}/{{service}}",group="{{group}}",code="5xx"})',
};

describe.skipIf(PROMETHEUS === null)("A real Prometheus, which scrapes what the edge says", () => {
  let edge = new Counts();
  const exposed = new Exposed(() => exposition(FIGURES, edge, [], []));
  let prometheus: PrometheusServer;
  let provider: OpenSignalProvider;
  /** Every story has groups of its own: Prometheus remembers those of the others. */
  let story = 0;
  let stable = "";
  let canary = "";

  beforeAll(async () => {
    prometheus = await PrometheusServer.start([await exposed.listen()]);
  });
  afterAll(async () => {
    await prometheus?.end();
    await exposed.close();
  });
  beforeEach(() => {
    story += 1;
    stable = `r${story}0`;
    canary = `r${story}1`;
    edge = new Counts();
    const begun = performance.now();
    provider = openSignalProvider({
      clock: { now: () => Math.floor(performance.now() - begun), wall: () => Date.now() },
      secret: () => Promise.reject(new Error("no token is needed")),
      otlp: null,
      directory: "/",
      report: (error) => {
        throw error;
      },
    });
  });
  afterEach(() => provider.close());

  const settings = (changes: Partial<PrometheusSettings> = {}): PrometheusSettings => ({
    kind: "prometheus",
    url: prometheus.url,
    replicaLabel: "replica",
    token: null,
    everyMs: 1_000,
    timeoutMs: 20_000,
    staleMs: 60_000,
    ...EDGE,
    ...changes,
  });
  const begin = (changes: Partial<PrometheusSettings> = {}): SignalProbe => {
    const signal = { name: "errors", margin: { fail: 0, pass: 0.005 }, objective: null, source: settings(changes) };
    const subject: ProbeSubject = { environment: "shop/production", service: "web", signal, stable, canary };
    return provider.begin(subject);
  };
  const look = (probe: SignalProbe): Promise<Measurement> => probe.measure(Math.floor(performance.now()), never);
  const serve = (group: string, replica: number, good: number, bad: number, service = SERVICE): void => {
    const counts = edge.replica(service, group, `web-${group}-${replica}`);
    counts.byClass[OK] = (counts.byClass[OK] ?? 0) + good;
    counts.byClass[ERROR] = (counts.byClass[ERROR] ?? 0) + bad;
  };
  /** Looks until a measurement is of this kind. */
  const seen = <K extends Measurement["kind"]>(probe: SignalProbe, kind: K): Promise<Measurement & { kind: K }> => {
    let last: Measurement | null = null;
    return eventually(
      `a measurement is ${kind}`,
      async () => {
        last = await look(probe);
        return last.kind === kind && (last as Measurement & { kind: K });
      },
      () => last,
    );
  };
  /** Looks for as long as there is something to count, and adds it up. */
  const counted = async (probe: SignalProbe, total: number): Promise<Record<string, string>> => {
    const sums = new Map<string, { bad: number; total: number }>();
    const add = ({ stable, canary }: SignalSecond): void => {
      for (const { replica, bad, total } of [...stable, ...canary]) {
        const sum = sums.get(replica) ?? { bad: 0, total: 0 };
        sums.set(replica, { bad: sum.bad + bad, total: sum.total + total });
      }
    };
    const shown = () =>
      Object.fromEntries([...sums].sort().map(([replica, sum]) => [replica, `${sum.bad}/${sum.total}`] as const));
    await eventually(
      `${total} requests are counted`,
      async () => {
        const measured = await look(probe);
        if (measured.kind === "data") measured.intervals.forEach(add);
        return [...sums.values()].reduce((all, sum) => all + sum.total, 0) >= total;
      },
      shown,
    );
    return shown();
  };
  /** Both groups are known, with counts of before. */
  const bothRun = async (probe: SignalProbe): Promise<void> => {
    serve(stable, 1, 5_000, 40);
    serve(stable, 2, 5_000, 60);
    serve(canary, 1, 3, 0);
    expect(await seen(probe, "data")).toEqual({ kind: "data", intervals: [] });
  };

  it("counts every request once, by replica, and nothing of other groups, services and environments", async () => {
    const probe = begin();
    await bothRun(probe);
    serve(stable, 1, 100, 1);
    serve(stable, 2, 80, 0);
    // The first errors of this replica: a counter that did not exist.
    serve(canary, 1, 20, 4);
    serve(`${canary}1`, 1, 7_000, 7_000);
    serve(canary, 1, 7_000, 7_000, "shop/staging/web");
    expect(await counted(probe, 205)).toEqual({
      [`web-${stable}-1`]: "1/101",
      [`web-${stable}-2`]: "0/80",
      [`web-${canary}-1`]: "4/24",
    });
  });

  it("counts from zero when the counters begin anew", async () => {
    const probe = begin();
    await bothRun(probe);
    edge = new Counts();
    serve(stable, 1, 30, 0);
    serve(stable, 2, 20, 1);
    serve(canary, 1, 1, 1);
    expect(await counted(probe, 53)).toEqual({
      [`web-${stable}-1`]: "0/30",
      [`web-${stable}-2`]: "1/21",
      [`web-${canary}-1`]: "1/2",
    });
  });

  it("knows nothing of a group that has had no requests, and takes what it finds later for its beginning", async () => {
    const probe = begin();
    serve(stable, 1, 10, 0);
    expect(await seen(probe, "no-data")).toEqual({
      kind: "no-data",
      sentence: `Prometheus has no counts of the new group ${canary}`,
    });
    serve(canary, 1, 10, 10);
    await seen(probe, "data");
    serve(stable, 1, 1, 0);
    serve(canary, 1, 5, 2);
    expect((await counted(probe, 8))[`web-${canary}-1`]).toBe("2/7");
  });

  it("has no counts any more when Prometheus cannot scrape, and has lost none when it can", async () => {
    const probe = begin();
    await bothRun(probe);
    exposed.break(true);
    try {
      expect((await seen(probe, "no-data")).sentence).toBe(
        `Prometheus has no counts any more of the new group ${canary}`,
      );
      serve(stable, 1, 50, 0);
      serve(canary, 1, 9, 1);
    } finally {
      exposed.break(false);
    }
    expect(await counted(probe, 60)).toEqual({
      [`web-${stable}-1`]: "0/50",
      [`web-${stable}-2`]: "0/0",
      [`web-${canary}-1`]: "1/10",
    });
  });

  it("says that there is no answer while Prometheus is gone, in the middle of a rollout, and counts on afterwards", async () => {
    const probe = begin();
    await bothRun(probe);
    await prometheus.stop();
    expect(await look(probe)).toEqual({
      kind: "no-answer",
      sentence: `nobody listens at ${new URL(prometheus.url).host}`,
    });
    serve(stable, 1, 40, 0);
    serve(canary, 1, 3, 2);
    await prometheus.run();
    expect(await counted(probe, 45)).toMatchObject({ [`web-${stable}-1`]: "0/40", [`web-${canary}-1`]: "2/5" });
  });

  it("gives up a Prometheus that has come to a halt", async () => {
    prometheus.signal("SIGSTOP");
    try {
      // Its threads come to a halt one by one.
      expect((await seen(begin({ timeoutMs: 1_000 }), "no-answer")).sentence).toBe("no answer within 1 s");
    } finally {
      prometheus.signal("SIGCONT");
    }
  });

  it("finds groups whatever they are called, and no others", async () => {
    canary = 'we"ird\\ `group`\n{"}';
    stable = "we.*";
    const probe = begin({ bad: EDGE.bad.replaceAll('"', "'") });
    serve(canary, 1, 10, 1);
    serve(stable, 1, 100, 1);
    await seen(probe, "data");
    serve(canary, 1, 5, 2);
    serve(stable, 1, 50, 0);
    expect(await counted(probe, 57)).toEqual({ [`web-${stable}-1`]: "0/50", [`web-${canary}-1`]: "2/7" });
  });

  it.each<[string, Partial<PrometheusSettings>, RegExp]>([
    [
      "a query with a mistake",
      { bad: 'sum by (replica) (x{group="{{group}}"}' },
      /^Prometheus refuses "bad": .*parse error/,
    ],
    [
      "a query of a range",
      { total: 'x{group="{{group}}"}[1m]' },
      /"total" gives a matrix, not a vector|Prometheus refuses "total"/,
    ],
    ["a number", { total: 'scalar(x{group="{{group}}"})' }, /"total" gives a scalar, not a vector/],
    [
      "one series for all",
      { total: 'vector(3) or x{group="{{group}}"}' },
      /"total" gives a series without the label replica/,
    ],
    ["a share", { total: 'label_replace(vector(0.5), "replica", "{{group}}", "", "")' }, /no whole number/],
    [
      "not a number",
      { total: 'label_replace(vector(0/0), "replica", "{{group}}", "", "")' },
      /"total" is NaN at replica/,
    ],
  ])("says what is wrong with %s", async (_name, changes, sentence) => {
    const measured = await look(begin(changes));
    expect(measured).toEqual({ kind: "no-answer", sentence: expect.stringMatching(sentence) });
  });
});
