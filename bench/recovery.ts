import { setTimeout as sleep } from "node:timers/promises";
import type { EventRecord } from "../src/core/model/event.js";
import { freePort } from "../src/load/free-port.js";
import { canary, type ServiceSpec } from "../src/spec/define.js";
import { writeHistory } from "./history/write.js";
import { Installation } from "./installation/installation.js";
import { keyOf, versionOf } from "./installation/system.js";
import type { BenchResult } from "./result.js";
import { numbers } from "./table/options.js";
import { figure, spreadHead, spreadOf, spreadRow } from "./table/spread.js";

const DEFAULTS = { events: 100_000, rounds: 5, pause: 61 };
const TO_REACH_SECONDS = 2;
const LIVE = "production";
const ENVIRONMENTS = [LIVE, "staging", "development", "demo"];
const DEADLINE_MS = 60_000;

/** So many short stages that a decision is always due: the first one after the kill is when it decides again. */
const STAGES: ServiceSpec["strategy"] = canary({
  stages: Array.from({ length: 90 }, (_, index) => ({ share: index + 1, time: { min: "200ms", max: "200ms" } })),
  keepOld: "0s",
});

/** `kill -9` of the control plane in the middle of a canary, until its successor answers, and until it has decided. */
export async function run(): Promise<BenchResult> {
  const { events, rounds, pause } = numbers(DEFAULTS);
  const installation = new Installation("recovery");
  const answers: number[] = [];
  const decides: number[] = [];
  let inLedger = 0;
  try {
    process.stderr.write(`writing ${events} events … `);
    inLedger = await writeHistory(installation.places.ledger, ENVIRONMENTS, events);
    process.stderr.write(`${inLedger}\n`);
    await installation.start();
    const port = await freePort();
    const version = (n: number) =>
      versionOf({ label: `1.0.${n}`, port, environment: LIVE, replicas: 1, strategy: STAGES, guards: [] });
    await installation.deploy(version(0));
    for (let n = 1; n <= rounds; n++) {
      const next = version(n);
      const environment = keyOf(next);
      const command = { release: next.release, environment: next.environment, reason: null, fast: false };
      await installation.command(environment, { kind: "deploy", ...command });
      await untilStage(installation, environment, 3);
      const { answered, decided } = await killed(installation, environment);
      answers.push(answered / 1000);
      decides.push(decided / 1000);
      process.stderr.write(`\r${n}/${rounds} kills: answers after ${answered} ms, decided after ${decided} ms\n`);
      const ended = installation.settled(environment, (await deploymentOf(installation, environment)) ?? "", 0);
      // What dies again within a minute is started again more slowly: each kill is to be a first one.
      if (n < rounds) await sleep(pause * 1000);
      await ended;
    }
  } finally {
    await installation.end();
  }
  const median = spreadOf(decides).median;
  const worst = spreadOf(decides).max;
  return {
    name: "recovery",
    figures: {
      recoverySeconds: figure(worst, 2),
      recoverySecondsMedian: figure(median, 2),
      answersSecondsMedian: figure(spreadOf(answers).median, 2),
      events: inLedger,
      rounds,
    },
    reached: worst <= TO_REACH_SECONDS && inLedger >= DEFAULTS.events,
    lines: [
      `${inLedger} events in the ledger, ${ENVIRONMENTS.length} environments, a canary in progress`,
      spreadHead("seconds from kill -9"),
      spreadRow("to the first answer of the new control plane", answers, 2),
      spreadRow("to the first decision in the ledger (<= 2, the largest counts)", decides, 2),
    ],
  };
}

async function untilStage(installation: Installation, environment: string, stage: number): Promise<void> {
  const end = performance.now() + DEADLINE_MS;
  while (performance.now() < end) {
    const view = await installation.plane.environment(environment);
    if ((view.services[0]?.stage?.number ?? 0) >= stage && view.deployment?.outcome === null) return;
    await sleep(20);
  }
  throw new Error(`stage ${stage} did not come`);
}

async function deploymentOf(installation: Installation, environment: string): Promise<string | null> {
  return (await installation.plane.environment(environment)).deployment?.id ?? null;
}

/** Milliseconds from the kill; the decision's time is the one in the ledger. */
async function killed(installation: Installation, environment: string): Promise<{ answered: number; decided: number }> {
  const { version } = await installation.plane.environment(environment);
  const { pid } = await installation.plane.about();
  process.kill(pid, "SIGKILL");
  const wall = Date.now();
  let answered: number | null = null;
  while (Date.now() < wall + DEADLINE_MS) {
    try {
      if (answered === null && (await installation.plane.about()).pid !== pid) answered = Date.now() - wall;
      const decision = (await installation.plane.history(environment, version, 1_000)).find(isDecisionAfter(wall));
      if (answered !== null && decision !== undefined) return { answered, decided: Date.parse(decision.wall) - wall };
    } catch {
      // Nobody answers while it is dead: that is what is waited for.
    }
    await sleep(5);
  }
  throw new Error("the control plane did not come back");
}

function isDecisionAfter(wall: number): (event: EventRecord) => boolean {
  return ({ by, wall: at }) => by === "engine" && Date.parse(at) > wall;
}
