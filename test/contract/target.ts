import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Intent, Workload } from "../../src/core/model/intent.js";
import type { GroupObservation, Observation } from "../../src/core/model/observation.js";
import type { SignalSource, Target } from "../../src/ports/target.js";
import { group, intent, traffic } from "./intents.js";

/** A target with a world around it; for the model that world is virtual, for the host it is this machine. */
export interface TargetWorld {
  readonly target: Target & SignalSource;
  /** Lets time pass until `look` gives something; rejects when that never happens. */
  until<T>(look: () => Promise<T | null | false | undefined>, what: string): Promise<T>;
  /** Workloads that behave as their names say. */
  readonly workloads: {
    readonly web: Partial<Workload>;
    /** Prints `settings is not a function` and ends with exit code 3. */
    readonly crashing: Partial<Workload>;
    readonly neverReady: Partial<Workload>;
    readonly worker: Partial<Workload>;
  };
  /** Sends requests to a service; says which release answered how many. */
  request(environment: string, service: string, count: number): Promise<Readonly<Record<string, number>>>;
  /** Ids of the first so many replicas of a group, where the target can say them beforehand; else they have this beginning. */
  readonly replicaName?: (service: string, group: string) => RegExp;
  end(): Promise<void>;
}

/** What every target does, whatever is behind it. */
export function targetContract(name: string, open: () => Promise<TargetWorld>): void {
  describe(`the target contract: ${name}`, () => {
    let world: TargetWorld;
    beforeAll(async () => {
      world = await open();
    });
    afterAll(() => world.end());

    // A test that is tried once more gets an environment of its own: the target knows the revisions of the first try.
    let tries = "";
    beforeEach(({ task }) => {
      tries = "-again".repeat(task.result?.retryCount ?? 0);
    });
    const at = (environment: string): string => environment + tries;
    const apply = (environment: string, revision: number, wanted: Intent, term = 1): Promise<void> =>
      world.target.apply(at(environment), { term, revision, intent: wanted });
    const seen = (
      environment: string,
      what: string,
      look: (observation: Observation) => boolean,
    ): Promise<Observation> =>
      world.until(async () => {
        const observation = await world.target.observe(at(environment));
        return look(observation) && observation;
      }, what);
    const inForce = (environment: string, revision: number): Promise<Observation> =>
      seen(environment, `revision ${revision} is in force`, (one) => one.applied?.revision === revision);
    const ready = (found: GroupObservation | undefined): number =>
      found?.replicas.filter((replica) => replica.phase === "ready").length ?? 0;
    const web = (weights: Record<string, number>, ...groups: [string, number][]): Intent["services"][string] => ({
      groups: Object.fromEntries(groups.map(([id, count]) => [id, group(id, count, world.workloads.web)])),
      traffic: traffic(weights),
    });

    test("an environment that nothing was applied to is empty", async () => {
      const observation = await world.target.observe("shop/nowhere");
      expect(observation).toMatchObject({ applied: null, services: {}, tasks: {}, resources: {} });
    });

    test("what was applied comes to run, with the digest and the weights that were intended", async () => {
      const service = web({ r1: 100 }, ["r1", 2]);
      await apply("shop/start", 7, intent({ web: service }));
      await seen("shop/start", "two are ready", (one) => ready(one.services.web?.groups.r1) === 2);
      const observation = await seen(
        "shop/start",
        "requests lead there",
        (one) => one.services.web?.weights?.r1 === 100,
      );
      expect(observation.applied).toEqual({ term: 1, revision: 7 });
      expect(observation.services.web?.weights).toEqual({ r1: 100 });
      expect(observation.services.web?.groups.r1?.digest).toBe(service.groups.r1?.digest);
      expect(observation.services.web?.groups.r1?.problem).toBeNull();
      const ids = observation.services.web?.groups.r1?.replicas.map(({ id }) => id) ?? [];
      expect(new Set(ids).size).toBe(2);
      for (const id of ids) expect(id).toMatch(world.replicaName?.("web", "r1") ?? /^web-r1-[12]$/);
      expect(await world.request(at("shop/start"), "web", 10)).toEqual({ "1.0.0-r1": 10 });
    });

    test("applying the same again restarts nothing", async () => {
      const wanted = intent({ web: web({ r1: 100 }, ["r1", 1]) });
      await apply("shop/again", 1, wanted);
      const before = await seen("shop/again", "it is ready", (one) => ready(one.services.web?.groups.r1) === 1);
      await apply("shop/again", 2, wanted);
      const after = await inForce("shop/again", 2);
      expect(after.services.web?.groups.r1?.replicas.map(({ id, pid, restarts }) => ({ id, pid, restarts }))).toEqual(
        before.services.web?.groups.r1?.replicas.map(({ id, pid, restarts }) => ({ id, pid, restarts })),
      );
    });

    test("a stale term is refused, an older revision of the same term changes nothing", async () => {
      const one = intent({ web: web({ r1: 100 }, ["r1", 1]) });
      await apply("shop/terms", 5, one, 3);
      await expect(apply("shop/terms", 9, intent({}), 2)).rejects.toMatchObject({ code: "target-stale-term" });
      await apply("shop/terms", 4, intent({}), 3);
      const observation = await inForce("shop/terms", 5);
      expect(Object.keys(observation.services)).toEqual(["web"]);
      await apply("shop/terms", 1, intent({}), 4);
      expect((await inForce("shop/terms", 1)).applied).toEqual({ term: 4, revision: 1 });
    });

    test("a group grows and shrinks, and what stays is not restarted", async () => {
      const replicas = ({ services }: Observation) =>
        (services.web?.groups.r1?.replicas ?? []).map(({ id, pid, restarts }) => ({ id, pid, restarts }));
      const scaled = async (revision: number, count: number): Promise<ReturnType<typeof replicas>> => {
        await apply("shop/scale", revision, intent({ web: web({ r1: 100 }, ["r1", count]) }));
        return replicas(
          await seen(
            "shop/scale",
            `${count} are ready and no other is there`,
            (one) => ready(one.services.web?.groups.r1) === count && replicas(one).length === count,
          ),
        );
      };
      const [first] = await scaled(1, 1);
      const three = await scaled(2, 3);
      expect(three).toContainEqual(first);
      const [left] = await scaled(3, 1);
      expect(three).toContainEqual(left);
      // Where replicas are numbered, the last ones go. Kubernetes picks by age in powers of two, then at random.
      if (world.replicaName === undefined) expect(left).toEqual(first);
    });

    test("traffic moves from one group to another, and the old group goes when it is wanted no more", async () => {
      await apply("shop/replace", 1, intent({ web: web({ r1: 100 }, ["r1", 1]) }));
      await seen("shop/replace", "r1 is ready", (one) => ready(one.services.web?.groups.r1) === 1);
      await apply("shop/replace", 2, intent({ web: web({ r1: 100 }, ["r1", 1], ["r2", 1]) }));
      await seen("shop/replace", "r2 is ready", (one) => ready(one.services.web?.groups.r2) === 1);
      await apply("shop/replace", 3, intent({ web: web({ r1: 0, r2: 100 }, ["r1", 1], ["r2", 1]) }));
      await seen("shop/replace", "r2 has all requests", (one) => one.services.web?.weights?.r2 === 100);
      expect(await world.request(at("shop/replace"), "web", 10)).toEqual({ "1.0.0-r2": 10 });
      await apply("shop/replace", 4, intent({ web: web({ r2: 100 }, ["r2", 1]) }));
      const gone = await seen("shop/replace", "r1 is gone", (one) => one.services.web?.groups.r1 === undefined);
      expect(ready(gone.services.web?.groups.r2)).toBe(1);
    });

    test("weights are in force as they were set, over any hundred requests", async () => {
      await apply("shop/weights", 1, intent({ web: web({ r1: 90, r2: 10 }, ["r1", 1], ["r2", 1]) }));
      await seen(
        "shop/weights",
        "both are ready",
        ({ services }) => ready(services.web?.groups.r1) === 1 && ready(services.web?.groups.r2) === 1,
      );
      await seen("shop/weights", "the weights are in force", (one) => one.services.web?.weights?.r1 === 90);
      expect(await world.request(at("shop/weights"), "web", 100)).toEqual({ "1.0.0-r1": 90, "1.0.0-r2": 10 });
    });

    test("a service that ends at once is shown with its exit code and its last lines, then as a crash loop", async () => {
      const groups = { r1: group("r1", 1, world.workloads.crashing) };
      await apply("shop/crash", 1, intent({ web: { groups, traffic: traffic({}) } }));
      const first = await seen("shop/crash", "it has ended once", (one) => {
        const [replica] = one.services.web?.groups.r1?.replicas ?? [];
        return replica?.lastExit !== null && replica !== undefined;
      });
      const [replica] = first.services.web?.groups.r1?.replicas ?? [];
      expect(replica?.lastExit).toMatchObject({ code: 3, reason: "exited" });
      expect(replica?.lastExit?.lastLines.join("\n")).toContain("settings is not a function");
      const last = await seen(
        "shop/crash",
        "a crash loop",
        (one) => one.services.web?.groups.r1?.replicas[0]?.crashLoop === true,
      );
      expect(last.services.web?.groups.r1?.replicas[0]?.restarts).toBeGreaterThanOrEqual(3);
      await apply("shop/crash", 2, intent({}));
      await seen("shop/crash", "it is gone", (one) => one.services.web === undefined);
    });

    test("what never becomes ready says what its probe saw", async () => {
      const groups = { r1: group("r1", 1, world.workloads.neverReady) };
      await apply("shop/never", 1, intent({ web: { groups, traffic: traffic({}) } }));
      const observation = await seen(
        "shop/never",
        "its probe has failed",
        (one) => typeof one.services.web?.groups.r1?.replicas[0]?.probe === "string",
      );
      expect(observation.services.web?.groups.r1?.replicas[0]?.phase).toBe("starting");
      expect(observation.services.web?.weights).toEqual({});
    });

    test("a worker has no port and no weights, and is ready", async () => {
      const groups = { r1: group("r1", 2, { ...world.workloads.worker, hasPort: false }) };
      await apply("shop/worker", 1, intent({ mailer: { groups, traffic: null } }));
      const observation = await seen(
        "shop/worker",
        "both are ready",
        (one) => ready(one.services.mailer?.groups.r1) === 2,
      );
      expect(observation.services.mailer).toMatchObject({ weights: null, routed: null, port: null });
      expect(observation.applied).toEqual({ term: 1, revision: 1 });
    });

    test("smoke checks run once against the group that they name, and are remembered", async () => {
      const check = (id: string, status: number): Intent["tasks"][number] => ({
        id,
        service: "web",
        group: "r1",
        kind: "smoke",
        checks: [{ kind: "http", path: "/", status, timeoutMs: 5_000 }],
      });
      const service = web({}, ["r1", 1]);
      const tasks = [check("good", 200), check("bad", 418)];
      await apply("shop/smoke", 1, intent({ web: service }, { tasks }));
      const observation = await seen("shop/smoke", "both have ended", ({ tasks: found }) =>
        ["good", "bad"].every((id) => found[id] !== undefined && found[id].phase !== "running"),
      );
      expect(observation.tasks.good?.phase).toBe("passed");
      expect(observation.tasks.bad?.phase).toBe("failed");
      expect(observation.tasks.bad?.detail).toContain("418");
      await apply("shop/smoke", 2, intent({ web: service }, { tasks: [check("good", 418)] }));
      expect((await inForce("shop/smoke", 2)).tasks).toMatchObject({ good: { phase: "passed" } });
    });

    test("requests are counted by group and second, and a cursor goes on where it was", async () => {
      await apply("shop/signals", 1, intent({ web: web({ r1: 100 }, ["r1", 1]) }));
      await seen("shop/signals", "it is ready", (one) => ready(one.services.web?.groups.r1) === 1);
      await seen("shop/signals", "it has all requests", (one) => one.services.web?.weights?.r1 === 100);
      await world.request(at("shop/signals"), "web", 20);
      const counted = new Map<string, number>();
      let cursor: string | null = null;
      let final = Number.NEGATIVE_INFINITY;
      const total = (): number => [...counted.values()].reduce((sum, count) => sum + count, 0);
      const take = async (): Promise<void> => {
        const reading = await world.target.read(at("shop/signals"), cursor);
        cursor = reading.cursor;
        for (const block of reading.blocks) {
          expect(block.at % 1_000).toBe(0);
          expect(block.at).toBeGreaterThanOrEqual(final);
          expect(block).toMatchObject({ service: "web", group: "r1", errors: 0 });
          const measured = Object.values(block.latencies ?? {}).reduce((sum, count) => sum + count, 0);
          expect(measured).toBe(block.total);
          counted.set(`${block.replica} ${block.at}`, block.total);
        }
        expect(reading.completeTo % 1_000).toBe(0);
        expect(reading.completeTo).toBeGreaterThanOrEqual(final);
        final = reading.completeTo;
      };
      await world.until(async () => {
        await take();
        return total() === 20;
      }, "twenty requests are counted");
      await world.request(at("shop/signals"), "web", 5);
      await world.until(async () => {
        await take();
        return total() === 25;
      }, "five more are counted, none twice");
      await world.until(async () => {
        await take();
        return [...counted.keys()].every((key) => Number(key.split(" ")[1]) < final);
      }, "every second with a request is over");
      const late = await world.target.read(at("shop/signals"), null);
      expect(late.completeTo).toBeGreaterThanOrEqual(final);
      expect(late.blocks.reduce((sum, block) => sum + block.total, 0)).toBe(25);
    });

    test("the last lines of a service can be read, and following ends when it is told to", async () => {
      const groups = { r1: group("r1", 1, { ...world.workloads.worker, hasPort: false }) };
      await apply("shop/logs", 1, intent({ mailer: { groups, traffic: null } }));
      await seen("shop/logs", "it is ready", (one) => ready(one.services.mailer?.groups.r1) === 1);
      const query = { service: "mailer", replica: null, lines: 10, follow: false };
      // A worker is ready when it runs, and prints a moment later.
      await world.until(async () => {
        for await (const line of world.target.logs(at("shop/logs"), query, AbortSignal.timeout(10_000)))
          if (/works as \S+/.test(line.text)) return true;
        return false;
      }, "its line can be read");
      const ending = new AbortController();
      for await (const line of world.target.logs(at("shop/logs"), { ...query, follow: true }, ending.signal))
        if (line.text.includes("works as")) ending.abort();
      expect(ending.signal.aborted).toBe(true);
    });

    test("an empty intent takes everything down", async () => {
      await apply("shop/down", 1, intent({ web: web({ r1: 100 }, ["r1", 2]) }));
      await seen("shop/down", "two are ready", (one) => ready(one.services.web?.groups.r1) === 2);
      await apply("shop/down", 2, intent({}));
      const observation = await seen("shop/down", "nothing is left", (one) => Object.keys(one.services).length === 0);
      expect(observation.applied).toEqual({ term: 1, revision: 2 });
    });
  });
}
