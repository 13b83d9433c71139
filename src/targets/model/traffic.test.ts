import { expect, test } from "vitest";
import { bucketOf } from "../../core/analysis/latency.js";
import type { GroupIntent, Intent } from "../../core/model/intent.js";
import { WELL } from "./behaviour.js";
import { type ModelOptions, ModelTarget } from "./target.js";
import type { ServiceBlock } from "./traffic.js";

const KEY = "shop/production";

function intent(weights: Record<string, number>, groups: Record<string, number>): Intent {
  const of = (id: string, replicas: number): GroupIntent =>
    ({ revision: id, label: `1.0.0-${id}`, replicas, workload: {}, digest: `sha256:${id}` }) as GroupIntent;
  const traffic = { listen: { port: 8080 }, weights, routes: [] };
  const web = { groups: Object.fromEntries(Object.entries(groups).map(([id, count]) => [id, of(id, count)])), traffic };
  return { services: { web }, resources: {}, tasks: [] } as unknown as Intent;
}

class Tale {
  now = 1_000_000;
  readonly target: ModelTarget;
  #revision = 0;

  constructor(options: ModelOptions = {}) {
    this.target = new ModelTarget(() => this.now, options);
  }

  async apply(weights: Record<string, number>, groups: Record<string, number>): Promise<void> {
    await this.target.apply(KEY, { term: 1, revision: ++this.#revision, intent: intent(weights, groups) });
  }
}

/** A canary that comes, crashes and goes, with a reader every `cadence` seconds. */
async function rollout(cadence: number): Promise<readonly ServiceBlock[]> {
  const tale = new Tale({
    behaviourOf: ({ revision }) =>
      revision === "r2" ? { ...WELL, errorShare: 0.1, slowShare: 0.05, endsAfterMs: 7_300, ends: 1 } : WELL,
  });
  const blocks: ServiceBlock[] = [];
  let cursor: string | null = null;
  for (let second = 0; second <= 60; second++, tale.now += 1_000) {
    if (second === 0) await tale.apply({ r1: 100 }, { r1: 3 });
    if (second === 5) await tale.apply({ r1: 100 }, { r1: 3, r2: 1 });
    if (second === 10) await tale.apply({ r1: 90, r2: 10 }, { r1: 3, r2: 1 });
    if (second === 30) await tale.apply({ r1: 100 }, { r1: 3 });
    if (second % cadence !== 0) continue;
    const reading = await tale.target.read(KEY, cursor);
    expect(reading.completeTo).toBe(tale.now);
    cursor = reading.cursor;
    blocks.push(...reading.blocks);
  }
  const order = ({ at, replica }: ServiceBlock) => `${at} ${replica}`;
  return blocks.sort((a, b) => (order(a) < order(b) ? -1 : 1));
}

test("a second is counted as it was, however late it is read", async () => {
  const each = await rollout(1);
  expect(await rollout(15)).toEqual(each);
  expect(await rollout(60)).toEqual(each);
  expect(new Set(each.map(({ group }) => group))).toEqual(new Set(["r1", "r2"]));
  expect(each.reduce((sum, block) => sum + block.restarts, 0)).toBe(1);
});

test("requests are as many as asked for, with the shares and latencies of their group", async () => {
  const tale = new Tale({
    requestsPerSecond: 200,
    behaviourOf: () => ({ ...WELL, errorShare: 0.01, slowShare: 0.1, medianMs: 40, slowMs: 900 }),
  });
  await tale.apply({ r1: 100 }, { r1: 3 });
  tale.now += 1_000;
  const { cursor } = await tale.target.read(KEY, null);
  tale.now += 300_000;
  const { blocks } = await tale.target.read(KEY, cursor);
  const sum = (count: (block: ServiceBlock) => number) => blocks.reduce((all, block) => all + count(block), 0);
  const near = (share: number) => [60_000 * share - 3, 60_000 * share + 3] as const;
  for (const [count, share] of [
    [sum(({ total }) => total), 1],
    [sum(({ errors }) => errors), 0.01],
    [sum(({ slow }) => slow), 0.1],
    [sum(({ latencies }) => latencies?.[bucketOf(900)] ?? 0), 0.1],
  ] as const) {
    expect(count).toBeGreaterThanOrEqual(near(share)[0]);
    expect(count).toBeLessThanOrEqual(near(share)[1]);
  }
  for (const block of blocks) {
    expect(Object.values(block.latencies ?? {}).reduce((all, one) => all + one, 0)).toBe(block.total);
  }
  const middle = sum(({ latencies }) => latencies?.[bucketOf(40)] ?? 0);
  expect(middle / 54_000).toBeGreaterThan(0.35);
  expect(middle / 54_000).toBeLessThan(0.6);
});

test("a caller's traffic is asked for each second of each service, in order, with who takes it", async () => {
  const asked: string[] = [];
  const tale = new Tale({
    traffic: ({ at, service, groups }, into) => {
      const ready = groups.map(({ group, label, weight, ready: ids }) => `${group} ${label} ${weight}: ${ids.join()}`);
      asked.push(`${at / 1000} ${service} ${ready.join("; ")}`);
      into.push({ service, at, group: "r1", replica: "web-r1-1", total: 7, errors: 1, slow: 0, restarts: 0 });
    },
  });
  await tale.apply({ r1: 100 }, { r1: 1 });
  tale.now += 1_000;
  await tale.apply({ r1: 75, r2: 25 }, { r1: 1, r2: 1 });
  tale.now += 2_000;
  tale.target.environment(KEY).crash("web", 0, tale.now - 500);
  const { blocks } = await tale.target.read(KEY, null);
  expect(asked).toEqual([
    "1000 web r1 1.0.0-r1 0: ",
    "1001 web r1 1.0.0-r1 100: web-r1-1; r2 1.0.0-r2 0: ",
    "1002 web r1 1.0.0-r1 75: web-r1-1; r2 1.0.0-r2 25: web-r2-1",
  ]);
  expect(blocks.map(({ total, restarts }) => [total, restarts])).toEqual([
    [7, 0],
    [7, 0],
    [7, 1],
  ]);
});

test("parts of an observation that did not change are the same objects", async () => {
  const tale = new Tale();
  await tale.apply({ r1: 100 }, { r1: 2 });
  const starting = await tale.target.observe(KEY);
  tale.now += 1_000;
  const ready = await tale.target.observe(KEY);
  expect(ready.services).not.toBe(starting.services);
  tale.now += 3_600_000;
  const later = await tale.target.observe(KEY);
  expect(later.seenAt).toBe(tale.now);
  for (const part of ["services", "tasks", "resources", "applied"] as const) expect(later[part]).toBe(ready[part]);
});
