import path from "node:path";
import { openClock } from "../../src/engine/clock.js";
import { Engine } from "../../src/engine/engine.js";
import { openLedger } from "../../src/ledger/open.js";
import { placesIn } from "../../src/ports/places.js";
import { openSeries } from "../../src/series/open.js";
import { chooseEngine, settingsIn } from "../../src/serve/engines.js";
import { createHostTarget } from "../../src/targets/host/target.js";
import { connectKubernetes } from "../../src/targets/kubernetes/client/connect.js";
import { createKubernetesTarget } from "../../src/targets/kubernetes/target.js";
import type { Answer, PlaneCalls, Question } from "./protocol.js";

/**
 * The control plane of a cluster's benchmarks: engine, ledger, series and targets as `serve.ts` wires them, in a process
 * of its own; asked over the parent's channel instead of HTTP. `<home>` is its only argument.
 */
async function main(home: string): Promise<void> {
  const places = placesIn(home);
  const store = await openLedger({ directory: places.ledger });
  const lease = await store.acquire(`bench ${process.pid}`, 60_000);
  const clock = openClock(path.join(home, "clock.json"), 0);
  const series = await openSeries({ directory: places.series });
  const host = createHostTarget({ places, clock });
  const say = (text: string) => process.stderr.write(`control plane: ${text}\n`);
  const stateOf = (key: string) => engine.driver(key)?.state ?? null;
  const kubernetes = createKubernetesTarget({
    clock,
    secrets: {
      value: (_environment, name) => {
        throw new Error(`the benchmarks have no secret ${name}`);
      },
      conceal: () => (text) => text,
    },
    connect: (settings) => connectKubernetes({ ...settings, clock, userAgent: "windlass-bench" }),
    settingsOf: (key) => settingsIn(stateOf(key)),
    report: (message, error) => say(error === undefined ? message : `${message}: ${String(error)}`),
  });
  const target = chooseEngine({ host, kubernetes, stateOf });
  const engine = new Engine(
    { ledger: store, target, signals: target, series, clock, term: lease.term, gates: () => [] },
    (level, message) => {
      if (level !== "info") say(message);
    },
    (error) => {
      say(`ends: ${String(error)}`);
      process.exit(1);
    },
  );
  await engine.load();
  engine.start();
  const beat = setInterval(() => void lease.renew(), 20_000);

  const calls: PlaneCalls = {
    command: ({ environment, envelope }) => engine.command(environment, envelope),
    history: ({ environment, after }) => engine.history(environment, after, 100_000),
    async standing() {
      const standing = {
        inProgress: 0,
        outcomes: {} as Record<string, number>,
        problems: {} as Record<string, number>,
      };
      for (const { state, targetProblem } of engine.drivers()) {
        const { deployment, next } = state;
        if (next !== null || deployment?.outcome === null) standing.inProgress++;
        const outcome = deployment?.outcome ?? null;
        if (outcome !== null) standing.outcomes[outcome] = (standing.outcomes[outcome] ?? 0) + 1;
        if (targetProblem !== null) standing.problems[targetProblem] = (standing.problems[targetProblem] ?? 0) + 1;
      }
      return standing;
    },
    async figures() {
      const requests: Record<string, number> = {};
      for (const cluster of kubernetes.clusters())
        for (const [verb, count] of Object.entries(cluster.counts())) requests[verb] = (requests[verb] ?? 0) + count;
      const { rss, heapUsed, external } = process.memoryUsage();
      const { user, system } = process.cpuUsage();
      return { rss, heapUsed, external, cpuMs: (user + system) / 1_000, requests };
    },
    async stop() {
      clearInterval(beat);
      engine.stop();
      await kubernetes.close();
      host.close();
      await lease.release();
      await series.close();
      await store.close();
      setImmediate(() => process.exit(0));
      return null;
    },
  };
  process.on("message", (question: Question) => {
    const call = calls[question.call] as (about: unknown) => Promise<unknown>;
    call(question.about).then(
      (value) => process.send?.({ id: question.id, value } satisfies Answer),
      (error: unknown) => process.send?.({ id: question.id, error: String(error) } satisfies Answer),
    );
  });
  process.on("disconnect", () => process.exit(1));
  process.send?.({ id: 0, value: null } satisfies Answer);
}

await main(process.argv[2] ?? "");
