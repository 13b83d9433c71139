import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Probe } from "../../../spec/compiled.js";
import { crashLoops, decide } from "./decide.js";
import {
  adoptedReplica,
  freshReplica,
  planOf,
  type ReplicaEvent,
  type ReplicaPlan,
  type ReplicaState,
} from "./replica-state.js";

const HTTP: Probe = {
  action: { kind: "http", path: "/ready" },
  delayMs: 0,
  periodMs: 1_000,
  timeoutMs: 500,
  failures: 3,
  successes: 1,
};

function plan(changes: Partial<ReplicaPlan> = {}): ReplicaPlan {
  const probes = { startup: null, liveness: null, readiness: null };
  return planOf({ probes, hasPort: true, stopGraceMs: 5_000, drainMs: 10_000, ...changes });
}

/** A replica in virtual time; remembers every effect with the time of it. */
class World {
  now = 0;
  effects: [number, string][] = [];
  constructor(public state: ReplicaState) {}

  send(event: ReplicaEvent): this {
    const decision = decide(this.state, event, this.now);
    this.state = decision.state;
    this.effects.push(...decision.effects.map(({ kind }): [number, string] => [this.now, kind]));
    return this;
  }
  until(time: number): this {
    for (; this.now < time; this.now += 100) this.send({ kind: "tick" });
    return this;
  }
  launched(pid = 100): this {
    return this.send({ kind: "launched", process: { pid, startTime: `at ${this.now}` }, port: 20_000 });
  }
  exited(code: number | null, outOfMemory = false): this {
    const exit = { code, signal: null, known: true, outOfMemory, lastLines: ["the last line"] };
    return this.send({ kind: "exited", exit });
  }
  probed(ok: boolean, probe: "startup" | "liveness" | "readiness" = "readiness"): this {
    return this.send({ kind: "probed", probe, ok, detail: ok ? "" : "GET /ready answered 503" });
  }
  times(kind: string): number[] {
    return this.effects.filter(([, one]) => one === kind).map(([at]) => at);
  }
}

const started = (changes: Partial<ReplicaPlan> = {}): World =>
  new World(freshReplica(plan(changes), 0)).send({ kind: "tick" }).launched();

describe("starting", () => {
  test("it is launched, probed, and ready when the probe says so", () => {
    const world = started().until(300);
    expect(world.state.phase).toBe("starting");
    expect(world.times("launch")).toEqual([0]);
    expect(world.times("probe")).toEqual([0]);
    expect(world.probed(true).state.phase).toBe("ready");
  });

  test("a worker without a probe is ready after it has lived a second", () => {
    const world = started({ hasPort: false }).until(1_000);
    expect(world.state.phase).toBe("starting");
    expect(world.until(1_200).state.phase).toBe("ready");
  });

  test("while a resource is not ready it waits, looks again, and nothing counts as an end", () => {
    const world = new World(freshReplica(plan(), 0)).send({ kind: "tick" });
    world.send({ kind: "waits", for: "the resource db" }).until(1_000);
    expect(world.state).toMatchObject({ phase: "starting", waitsFor: "the resource db", restarts: 0 });
    expect(world.times("launch")).toEqual([0, 200]);
  });

  test("until the start-up probe has passed no other probe runs, and its failures are counted once per period", () => {
    const probes = { startup: { ...HTTP, failures: 5 }, liveness: { ...HTTP, periodMs: 100 }, readiness: HTTP };
    const world = started({ probes });
    for (let time = 100; time <= 4_900; time += 100) {
      if (world.state.probes.startup.running) world.probed(false, "startup");
      world.until(time);
    }
    expect(world.state.phase).toBe("starting");
    expect(world.state.probes.liveness.running || world.state.probes.readiness.running).toBe(false);
    // Far more often looked at than once a second, and still given its five seconds.
    expect(world.times("probe").length).toBeGreaterThan(15);
    expect(world.state.dying).toBeNull();
    for (let time = 5_000; time <= 6_000; time += 100) {
      if (world.state.probes.startup.running) world.probed(false, "startup");
      world.until(time);
    }
    expect(world.state.dying?.message).toContain("the startup probe failed 5 times");
  });
});

describe("ending", () => {
  test("it is started again after 1, 2, 4 .. 30 seconds", () => {
    const world = started();
    for (let ends = 0; ends < 7; ends++) {
      world.exited(1);
      const launches = world.times("launch").length;
      while (world.times("launch").length === launches) world.until(world.now + 100);
      world.launched();
    }
    const launches = world.times("launch");
    const waits = launches.slice(1).map((at, index) => Math.round((at - (launches[index] ?? 0)) / 1_000));
    expect(waits).toEqual([1, 2, 4, 8, 16, 30, 30]);
    expect(world.state.restarts).toBe(7);
  });

  test("the first end is visible at once, the third in a row is a crash loop, and a good minute forgives", () => {
    const world = started().exited(3);
    expect(world.state).toMatchObject({
      phase: "backoff",
      restarts: 1,
      lastExit: { code: 3, lastLines: ["the last line"] },
    });
    expect(world.state.lastExit?.message).toContain("exit code 3");
    world.launched().exited(3).launched().exited(3);
    expect(crashLoops(world.state)).toBe(true);
    world.until(world.now + 10_000).launched();
    world.until(world.now + 59_000);
    expect(crashLoops(world.state)).toBe(true);
    world.until(world.now + 2_000);
    expect(crashLoops(world.state)).toBe(false);
    expect(world.exited(3).state.deadline - world.now).toBe(1_000);
  });

  test("what it left behind is swept away before it is started again", () => {
    const world = started().exited(0);
    expect(world.effects.at(-2)).toEqual([0, "sweep"]);
    expect(world.state.lastExit?.message).toContain("has to stay in the foreground");
  });

  test("too much memory: killed at once, started again, and the reason is kept", () => {
    const world = started()
      .probed(true)
      .send({ kind: "memory-exceeded", message: "it used 300 MiB; its limit is 200 MiB" });
    expect(world.state.phase).toBe("stopping");
    expect(world.times("kill")).toEqual([0]);
    world.exited(null);
    expect(world.state).toMatchObject({
      phase: "backoff",
      lastExit: { reason: "out-of-memory", message: "it used 300 MiB; its limit is 200 MiB" },
    });
  });

  test("a command that cannot be started says so and is tried again", () => {
    const world = new World(freshReplica(plan(), 0))
      .send({ kind: "tick" })
      .send({ kind: "launch-failed", message: "there is no command x" });
    expect(world.state).toMatchObject({
      phase: "backoff",
      lastExit: { reason: "could-not-start", message: "there is no command x" },
    });
    expect(world.until(1_200).times("launch")).toEqual([0, 1_000]);
  });

  test("how an adopted one ended is unknown", () => {
    const process = { pid: 7, startTime: "x" };
    const world = new World(adoptedReplica(plan(), { process, port: 20_000, restarts: 4, ready: true }, 0));
    expect(world.state.phase).toBe("ready");
    const exit = { code: null, signal: null, known: false, outOfMemory: false, lastLines: [] };
    expect(world.send({ kind: "exited", exit }).state).toMatchObject({ restarts: 5, lastExit: { reason: "unknown" } });
  });
});

describe("readiness and liveness", () => {
  test("unready after so many failures in a row, ready again after one success, never started again", () => {
    const world = started({ probes: { startup: null, liveness: null, readiness: HTTP } }).probed(true);
    world.probed(false).probed(false).probed(true).probed(false).probed(false);
    expect(world.state.phase).toBe("ready");
    expect(world.probed(false).state.phase).toBe("unready");
    expect(world.state.probes.readiness.detail).toBe("GET /ready answered 503");
    expect(world.probed(true).state).toMatchObject({ phase: "ready", restarts: 0 });
  });

  test("liveness: asked to end, killed after the grace, started again with the reason", () => {
    const probes = { startup: null, liveness: { ...HTTP, failures: 1, periodMs: 1 }, readiness: null };
    const world = started({ probes });
    world.now = 100;
    world.probed(false, "liveness");
    expect(world.state.phase).toBe("stopping");
    expect(world.times("terminate")).toEqual([100]);
    world.until(5_200);
    expect(world.times("kill")).toEqual([5_100]);
    expect(world.exited(null).state).toMatchObject({ phase: "backoff", lastExit: { reason: "liveness" } });
  });
});

describe("stopping", () => {
  test("no new requests first, SIGTERM when drained, SIGKILL after the grace", () => {
    const world = started().probed(true).send({ kind: "stop" });
    expect(world.state.phase).toBe("draining");
    expect(world.until(3_000).times("terminate")).toEqual([]);
    world.send({ kind: "drained" });
    expect(world.times("terminate")).toEqual([3_000]);
    world.until(8_100);
    expect(world.times("kill")).toEqual([8_000]);
    expect(world.exited(null).state).toMatchObject({ phase: "gone", lastExit: { reason: "stopped" } });
  });

  test("requests that do not end get the drain time and no more", () => {
    const world = started().probed(true).send({ kind: "stop" });
    expect(world.until(10_100).times("terminate")).toEqual([10_000]);
  });

  test("one that was never ready has no requests to wait for", () => {
    expect(started().send({ kind: "stop" }).times("terminate")).toEqual([0]);
  });

  test("one that is being launched is ended as soon as it is there", () => {
    const world = new World(freshReplica(plan(), 0)).send({ kind: "tick" }).send({ kind: "stop" });
    expect(world.state.phase).toBe("starting");
    expect(world.launched().times("terminate")).toEqual([0]);
  });
});

test("whatever happens in whatever order: gone stays gone, and only one process is launched at a time", () => {
  const events = fc.constantFrom<ReplicaEvent>(
    { kind: "tick" },
    { kind: "launched", process: { pid: 1, startTime: "a" }, port: 1 },
    { kind: "launch-failed", message: "no" },
    { kind: "waits", for: "db" },
    { kind: "exited", exit: { code: 1, signal: null, known: true, outOfMemory: false, lastLines: [] } },
    { kind: "probed", probe: "readiness", ok: true, detail: "" },
    { kind: "probed", probe: "liveness", ok: false, detail: "no" },
    { kind: "memory-exceeded", message: "much" },
    { kind: "stop" },
    { kind: "drained" },
  );
  const probes = { startup: null, liveness: { ...HTTP, failures: 1 }, readiness: HTTP };
  fc.assert(
    fc.property(fc.array(fc.tuple(events, fc.integer({ min: 0, max: 5_000 })), { maxLength: 60 }), (steps) => {
      const world = new World(freshReplica(plan({ probes }), 0));
      for (const [event, wait] of steps) {
        const { state } = world;
        // What the runner would never say: it launches only when asked to, and only what runs can end.
        const launching = ["launched", "launch-failed", "waits"].includes(event.kind);
        if (launching !== state.launching && (launching || event.kind === "exited")) continue;
        if (event.kind === "exited" && state.process === null) continue;
        const before = world.effects.length;
        world.now += wait;
        world.send(event);
        const launches = world.effects.slice(before).filter(([, kind]) => kind === "launch").length;
        expect(launches).toBeLessThanOrEqual(state.process === null && !state.launching && !state.leaving ? 1 : 0);
        if (state.phase === "gone") expect(world.state.phase).toBe("gone");
        if (world.state.phase === "ready") expect(world.state.process).not.toBeNull();
      }
    }),
    { seed: 7, numRuns: 500 },
  );
});
