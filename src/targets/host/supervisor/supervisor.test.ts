import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, expect, test } from "vitest";
import { eventually } from "../../../../test/contract/host.js";
import { fixture, group } from "../../../../test/contract/intents.js";
import { Containers } from "../container/containers.js";
import { inheritedEnvironment } from "../daemon/preparation.js";
import { PortPool } from "./free-port.js";
import { isAlive } from "./process-table.js";
import type { Replica } from "./replica.js";
import { ReplicaRecords } from "./replica-record.js";
import { Supervisor } from "./supervisor.js";

const ended: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of ended.splice(0).reverse()) await end();
});

function supervisor(): Supervisor {
  const directory = mkdtempSync(path.join(os.tmpdir(), "windlass-supervisor-"));
  const instance = path.basename(directory);
  const now = (): number => performance.now();
  const ports = new PortPool(directory);
  const containers = new Containers({
    instance,
    dockerHost: undefined,
    credentials: () => Promise.resolve(null),
    ports,
    now,
    prepare: () => Promise.reject(new Error("no container is wanted here")),
    report: () => {},
  });
  const made: Supervisor = new Supervisor({
    instance,
    logs: path.join(directory, "logs"),
    records: new ReplicaRecords(path.join(directory, "replicas")),
    cgroups: null,
    ports,
    now,
    containers,
    prepare: (identity, { workload: { run } }) => {
      const own = {
        WINDLASS_INSTANCE: instance,
        WINDLASS_ENVIRONMENT: identity.environment,
        WINDLASS_REPLICA: identity.id,
      };
      const environment = { ...inheritedEnvironment(), ...own };
      return Promise.resolve({
        kind: "ready",
        spec: { argv: run.argv ?? [], cwd: directory, environment, port: null },
      });
    },
    changed: () => {},
    restarting: () => {},
    report: () => {},
  });
  const ticking = setInterval(() => made.tick(), 50);
  ended.push(async () => {
    made.want("shop/test", {});
    await eventually(() => made.all().length === 0, "all have ended");
    clearInterval(ticking);
    rmSync(directory, { recursive: true, force: true });
  });
  return made;
}

const one = (made: Supervisor): Replica => made.of("shop/test")[0] ?? expect.fail("no replica");

test("where no control group can be written, memory is looked at, and one over its limit is ended and started again", async () => {
  const made = supervisor();
  // Less than any Node.js needs.
  const work = { run: fixture("worker"), hasPort: false, memoryBytes: 5 * 1024 * 1024, cpu: 1 };
  made.want("shop/test", { job: { groups: { r1: group("r1", 1, work) }, traffic: null } });
  await eventually(() => one(made).runner.state.process, "it runs");
  expect(one(made).runner.enforcement).toEqual({ memory: "polling", cpu: "not enforced" });
  await eventually(() => {
    made.sample();
    return one(made).runner.state.lastExit?.reason === "out-of-memory";
  }, "it is ended");
  expect(one(made).runner.state.lastExit?.message).toMatch(/it used \d+ MiB; its limit is 5 MiB/);
  expect(one(made).output.lines("windlass", 9).join()).toContain("its cpu limit is not enforced");
});

test("a replica's memory and processor time are those of its whole session", async () => {
  const made = supervisor();
  made.want("shop/test", {
    job: { groups: { r1: group("r1", 1, { run: fixture("worker"), hasPort: false }) }, traffic: null },
  });
  await eventually(() => one(made).runner.state.phase === "ready", "it is ready");
  made.sample();
  expect(one(made).usage?.memoryBytes).toBeGreaterThan(10 * 1024 * 1024);
});

test("a group whose workload changed under its name is replaced", async () => {
  const made = supervisor();
  const job = (stopGraceMs: number) => ({
    job: { groups: { r1: group("r1", 1, { run: fixture("worker"), hasPort: false, stopGraceMs }) }, traffic: null },
  });
  made.want("shop/test", job(1_000));
  const before = await eventually(() => one(made).runner.state.process, "it runs");
  made.want("shop/test", job(2_000));
  await eventually(() => !isAlive(before), "the old one has ended");
  const after = await eventually(
    () => made.of("shop/test").length === 1 && one(made).runner.state.process,
    "a new one runs",
  );
  expect(after.pid).not.toBe(before.pid);
});
