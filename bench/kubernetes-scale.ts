import { fork } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { canary } from "../src/spec/define.js";
import { buildRig } from "../test/conformance/kubernetes/rig/build.js";
import { type Cluster, startCluster } from "../test/conformance/kubernetes/rig/cluster.js";
import { systemName } from "./kubernetes/clone.js";
import { all, Fleet, type FleetOptions, writes } from "./kubernetes/fleet.js";
import { StageWatcher } from "./kubernetes/stage-watcher.js";
import { keyIn } from "./kubernetes/system.js";
import type { BenchResult } from "./result.js";
import { numbers } from "./table/options.js";
import { figure, spreadHead, spreadOf, spreadRow } from "./table/spread.js";

/**
 * `starts`: rollouts that begin per second. `stage`: seconds of each of the two before the last. `idle`: environments that
 * are only watched, of `each` services, for `observe` seconds. `patience`: seconds in which a new control plane may apply
 * everything once.
 */
const DEFAULTS = { rollouts: 1_000, starts: 1.5, stage: 120, idle: 1_000, each: 10, observe: 60, patience: 900 };
const MIB = 2 ** 20;
const TO_REACH = { residentMiB: 512, readyToNextStageSeconds: 2, idleResidentMiB: 1_024 };
const GATEWAY = path.join(import.meta.dirname, "kubernetes", "gateway.ts");
const REPLICAS = 3;
/** With three replicas: how many the canary needs for a share. */
const STAGES = [
  { share: 10, replicas: 1 },
  { share: 50, replicas: 2 },
  { share: 100, replicas: 3 },
];

/** A thousand rollouts at once on a real API server with fake nodes, then ten thousand services that only have to be watched. */
export async function run(): Promise<BenchResult> {
  const options = numbers(DEFAULTS);
  await buildRig((line) => process.stderr.write(`rig: ${line}\n`));
  const rollouts = options.rollouts === 0 ? null : await inCluster((cluster) => rollingOut(cluster, options));
  const idle = options.idle === 0 ? null : await inCluster((cluster) => idling(cluster, options));
  const samples = rollouts?.samples ?? [];
  const figures = {
    residentMiB: figure((rollouts?.resident ?? Number.NaN) / MIB),
    apiRequestsPerRollout: figure((rollouts?.requests ?? Number.NaN) / options.rollouts),
    apiWritesPerRollout: figure((rollouts?.writes ?? Number.NaN) / options.rollouts),
    readyToNextStageSecondsP99: figure(spreadOf(samples).p99, 3),
    readyToNextStageSecondsMedian: figure(spreadOf(samples).median, 3),
    stagesSeen: samples.length,
    succeeded: rollouts?.succeeded ?? -1,
    mostInProgress: rollouts?.mostInProgress ?? -1,
    cpuSecondsPerRollout: figure((rollouts?.cpuMs ?? Number.NaN) / 1_000 / options.rollouts, 2),
    idleResidentMiB: figure((idle?.resident ?? Number.NaN) / MIB),
    idleStartMiB: figure((idle?.starting ?? Number.NaN) / MIB),
    idleSettled: idle?.settled === true ? 1 : 0,
    idleServices: options.idle * options.each,
    idleCpuShare: figure(idle?.cpuShare ?? Number.NaN, 3),
    idleRequestsPerMinute: figure(idle?.requestsPerMinute ?? Number.NaN),
  };
  const { residentMiB, readyToNextStageSecondsP99: p99, idleResidentMiB } = figures;
  return {
    name: "kubernetes-scale",
    figures,
    reached:
      rollouts !== null &&
      idle !== null &&
      figures.succeeded === options.rollouts &&
      // A watch that was begun anew may miss a replica's first moment; one that sees weights before replicas measures nothing.
      samples.length >= 0.99 * STAGES.length * options.rollouts &&
      figures.readyToNextStageSecondsMedian > 0 &&
      options.rollouts >= DEFAULTS.rollouts &&
      figures.idleServices >= DEFAULTS.idle * DEFAULTS.each &&
      residentMiB <= TO_REACH.residentMiB &&
      p99 <= TO_REACH.readyToNextStageSeconds &&
      idleResidentMiB <= TO_REACH.idleResidentMiB,
    lines: [
      spreadHead("seconds"),
      spreadRow("a stage's last replica ready to its weight at the API server (<= 2)", samples, 3),
      `${options.rollouts} rollouts, ${JSON.stringify(rollouts?.outcomes ?? {})}, at most ${figures.mostInProgress} in progress at once`,
      `resident: ${residentMiB} MiB at most (to reach: 512); ${figures.apiRequestsPerRollout} requests each, ${figures.apiWritesPerRollout} of them writes; ${figures.cpuSecondsPerRollout} s of CPU each`,
      `${figures.idleServices} idle services: ${idleResidentMiB} MiB at most in a minute (to reach: 1,024), ${figures.idleStartMiB} MiB at most while it started`,
      `  ${figures.idleCpuShare} of a CPU, ${figures.idleRequestsPerMinute} requests a minute`,
    ],
  };
}

type Options = typeof DEFAULTS;

async function rollingOut(cluster: Cluster, options: Options) {
  const strategy = canary({
    stages: STAGES.slice(0, 2).map(({ share }) => ({
      share,
      // Nobody sends requests, so each lasts as long as it may.
      time: { min: `${options.stage}s`, max: `${options.stage}s` },
    })),
    keepOld: "0s",
  });
  const fleet = fleetOn(cluster, options.rollouts, ["web"], {
    strategy,
    replicas: REPLICAS,
    // How fast the rig makes pods is not measured.
    readyDeadline: "15m",
  });
  const watcher = new StageWatcher("r2");
  try {
    await fleet.make();
    if (!(await fleet.drive(options.patience * 1_000))) throw new Error("the environments did not settle");
    await watcher.start(cluster.kubeconfig);
    const before = await fleet.plane.ask("figures", null);
    fleet.plane.takePeak();
    let mostInProgress = 0;
    const look = async (): Promise<number> => {
      const { inProgress, problems } = await fleet.plane.ask("standing", null);
      mostInProgress = Math.max(mostInProgress, inProgress);
      if (Object.keys(problems).length > 0) process.stderr.write(`  ${JSON.stringify(problems)}\n`);
      return inProgress;
    };
    const begun = performance.now();
    for (let index = 0; index < options.rollouts; index++) {
      await fleet.plane.deploy(keyIn(systemName(index)), fleet.version(index, "2.0.0"));
      if (index % 100 === 99) process.stderr.write(`  ${index + 1} begun, ${await look()} in progress\n`);
      await sleep(Math.max(0, begun + ((index + 1) * 1_000) / options.starts - performance.now()));
    }
    for (let before = -1, now = await look(); now > 0; before = now, now = await look()) {
      if (now !== before) process.stderr.write(`  ${now} in progress\n`);
      await sleep(5_000);
    }
    const after = await fleet.plane.ask("figures", null);
    const { outcomes } = await fleet.plane.ask("standing", null);
    return {
      resident: fleet.plane.takePeak(),
      requests: all(after.requests) - all(before.requests),
      writes: writes(after.requests) - writes(before.requests),
      cpuMs: after.cpuMs - before.cpuMs,
      samples: watcher.samples(STAGES),
      succeeded: outcomes.succeeded ?? 0,
      outcomes,
      mostInProgress,
    };
  } finally {
    await watcher.close();
    await fleet.plane.end();
  }
}

async function idling(cluster: Cluster, options: Options) {
  const services = Array.from({ length: options.each }, (_, index) => `web-${index}`);
  const fleet = fleetOn(cluster, options.idle, services, {
    strategy: canary({ stages: [{ share: 50 }] }),
    replicas: 1,
  });
  try {
    await fleet.make();
    const settled = await fleet.drive(options.patience * 1_000);
    const starting = fleet.plane.takePeak();
    const before = await fleet.plane.ask("figures", null);
    await sleep(options.observe * 1_000);
    const after = await fleet.plane.ask("figures", null);
    return {
      settled,
      starting,
      resident: fleet.plane.takePeak(),
      cpuShare: (after.cpuMs - before.cpuMs) / (options.observe * 1_000),
      requestsPerMinute: ((all(after.requests) - all(before.requests)) * 60) / options.observe,
    };
  } finally {
    await fleet.plane.end();
  }
}

function fleetOn(cluster: Cluster, environments: number, services: string[], service: FleetOptions["service"]): Fleet {
  return new Fleet({ cluster, etcdUrl: cluster.etcdUrl, environments, services, service });
}

/** A cluster with twenty fake nodes and a gateway that accepts every route at once. */
async function inCluster<T>(work: (cluster: Cluster) => Promise<T>): Promise<T> {
  const cluster = await startCluster({
    kwok: { nodes: 20, zones: 3, podsPerNode: 5_000 },
    gateway: "api",
    apiServerFlags: ["--service-cluster-ip-range=10.112.0.0/12"],
    // On a machine that is busy with this, heartbeats come late; KWOK never makes pods ready again.
    controllerFlags: ["--node-monitor-grace-period=3600s"],
  });
  const gateway = fork(GATEWAY, [cluster.kubeconfig], { execArgv: ["--import", "tsx"] });
  try {
    await once(gateway, "message");
    return await work(cluster);
  } finally {
    gateway.kill();
    await cluster.end();
  }
}
