import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FakeApi, send, status } from "../../../../../test/kubernetes/fake-api.js";
import { fixedCredentials } from "../access/credentials.js";
import type { Informer, InformerOptions, InformerTimings, Kubernetes } from "../api.js";
import { openKubernetes } from "../client.js";

const SHOP = "/api/v1/namespaces/shop/configmaps";
const QUICK: Partial<InformerTimings> = { backoffMs: [5, 50], pageSize: 2 };
const clock = { now: () => Math.floor(performance.now()), wall: () => Date.now() };

const eventually = (check: () => void) => vi.waitFor(check, { timeout: 20_000, interval: 10 });

describe("an informer", () => {
  let api: FakeApi;
  let kubernetes: Kubernetes;
  let told: string[];

  beforeEach(async () => {
    api = await FakeApi.start();
    told = [];
    kubernetes = openKubernetes(
      {
        server: `http://127.0.0.1:${api.port}`,
        namespace: "default",
        origin: "the test",
        tls: { ca: null, insecure: false, serverName: null },
        credentials: fixedCredentials({ authorization: null, certificate: null }),
      },
      { clock, random: () => 0.5, userAgent: "test" },
    );
  });
  afterEach(async () => {
    await kubernetes.close();
    await api.stop();
  });

  const follow = (options: Partial<InformerOptions<unknown>> = {}): Informer<unknown> =>
    kubernetes.informer<unknown>({
      kind: { apiVersion: "v1", kind: "ConfigMap" },
      namespace: "shop",
      keep: ({ data }) => (data as { n?: unknown }).n,
      onChange: (change) => told.push(`${change.type} ${change.key} ${"value" in change ? change.value : ""}`.trim()),
      ...options,
      timings: { ...QUICK, ...options.timings },
    });
  const held = (informer: Informer<unknown>) => Object.fromEntries(informer.entries());
  const lists = () => api.requests.filter((line) => !line.includes("watch=true")).length;

  it("reads all pages of one snapshot, then follows from its version", async () => {
    for (const n of [1, 2, 3, 4, 5]) api.put(SHOP, `map-${n}`, { n });
    const informer = follow();
    await informer.synced(10_000);
    expect(held(informer)).toEqual({
      "shop/map-1": 1,
      "shop/map-2": 2,
      "shop/map-3": 3,
      "shop/map-4": 4,
      "shop/map-5": 5,
    });
    expect(lists()).toBe(3);
    told.length = 0;
    api.put(SHOP, "map-1", { n: 10 });
    api.remove(SHOP, "map-2");
    api.put(SHOP, "map-6", { n: 6 });
    await eventually(() => expect(told).toEqual(["changed shop/map-1 10", "removed shop/map-2", "added shop/map-6 6"]));
    expect(informer.health()).toMatchObject({ synced: true, problem: null, lists: 1, watches: 1 });
  });

  it("begins the list again when a page has expired", async () => {
    for (const n of [1, 2, 3]) api.put(SHOP, `map-${n}`, { n });
    let once = true;
    api.interrupt = (request, response) => {
      if (!once || request.url?.includes("continue=") !== true) return false;
      once = false;
      api.remove(SHOP, "map-1");
      send(response, 410, status(410, "Expired"));
      return true;
    };
    const informer = follow();
    await informer.synced(10_000);
    expect(held(informer)).toEqual({ "shop/map-2": 2, "shop/map-3": 3 });
    // What the first, expired list said of map-1 was true then.
    expect(told).toContain("removed shop/map-1");
    expect(informer.health().lists).toBe(2);
  });

  it("goes on where it was when its connection is cut, without reading the list again", async () => {
    api.put(SHOP, "map-1", { n: 1 });
    const informer = follow();
    await informer.synced(10_000);
    await eventually(() => expect(api.watching).toBe(1));
    api.interrupt = (request, response) => {
      response.destroy();
      return request.url !== undefined;
    };
    api.cut();
    await eventually(() => expect(informer.health().problem?.code).toBe("kubernetes-unreachable"));
    api.put(SHOP, "map-1", { n: 2 });
    api.put(SHOP, "map-2", { n: 3 });
    api.interrupt = () => false;
    await eventually(() => expect(held(informer)).toEqual({ "shop/map-1": 2, "shop/map-2": 3 }));
    expect(told).toEqual(["added shop/map-1 1", "changed shop/map-1 2", "added shop/map-2 3"]);
    expect(informer.health()).toMatchObject({ problem: null, lists: 1 });
  });

  it("reads the list again after its version has expired, and sees what was deleted meanwhile", async () => {
    api.put(SHOP, "map-1", { n: 1 });
    api.put(SHOP, "map-2", { n: 2 });
    const informer = follow();
    await informer.synced(10_000);
    await eventually(() => expect(api.watching).toBe(1));
    told.length = 0;
    api.interrupt = (_request, response) => response.destroy() !== undefined;
    api.cut();
    await eventually(() => expect(api.watching).toBe(0));
    api.remove(SHOP, "map-2");
    api.put(SHOP, "map-3", { n: 3 });
    api.compact();
    api.interrupt = () => false;
    await eventually(() => expect(held(informer)).toEqual({ "shop/map-1": 1, "shop/map-3": 3 }));
    expect(told).toEqual(["added shop/map-3 3", "removed shop/map-2"]);
    expect(informer.health().lists).toBe(2);
  });

  it("moves on with bookmarks: a later cut needs no list although the old version has expired", async () => {
    api.put(SHOP, "map-1", { n: 1 });
    const informer = follow();
    await informer.synced(10_000);
    await eventually(() => expect(api.watching).toBe(1));
    const version = api.bookmark();
    api.compact();
    api.put(SHOP, "map-2", { n: 2 });
    await eventually(() => expect(informer.size).toBe(2));
    api.cut();
    await eventually(() => expect(informer.health().watches).toBeGreaterThan(1));
    await eventually(() => expect(api.watching).toBe(1));
    expect(informer.health().lists).toBe(1);
    expect(api.requests.at(-1)).toContain(`resourceVersion=${Number(version) + 1}`);
  });

  it("takes copies and late news for what they are", async () => {
    const first = api.put(SHOP, "map-1", { n: 1 });
    const informer = follow();
    await informer.synced(10_000);
    await eventually(() => expect(api.watching).toBe(1));
    const second = api.put(SHOP, "map-1", { n: 2 });
    const line = (type: string, object: unknown) => api.say(`${JSON.stringify({ type, object })}\n`);
    line("MODIFIED", first);
    line("MODIFIED", second);
    api.remove(SHOP, "map-1");
    line("MODIFIED", second);
    line("ADDED", first);
    api.put(SHOP, "map-1", { n: 3 });
    line("DELETED", second);
    await eventually(() => expect(told).toContain("added shop/map-1 3"));
    api.put(SHOP, "map-2", { n: 0 });
    await eventually(() => expect(informer.size).toBe(2));
    expect(told).toEqual([
      "added shop/map-1 1",
      "changed shop/map-1 2",
      "removed shop/map-1",
      "added shop/map-1 3",
      "added shop/map-2 0",
    ]);
  });

  it("puts events together that arrive in pieces, within a character too", async () => {
    const informer = follow();
    await informer.synced(10_000);
    await eventually(() => expect(api.watching).toBe(1));
    const object = {
      metadata: { name: "map-1", namespace: "shop", uid: "u", resourceVersion: "999" },
      data: { n: "schön" },
    };
    const bytes = Buffer.from(`${JSON.stringify({ type: "ADDED", object })}\n`);
    const within = bytes.indexOf(0xc3) + 1;
    for (const part of [bytes.subarray(0, within), bytes.subarray(within)]) {
      api.say(part);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await eventually(() => expect(informer.get("shop/map-1")).toBe("schön"));
  });

  it("takes a connection that says nothing for dead", async () => {
    const informer = follow({ timings: { idleMs: 50 } });
    await informer.synced(10_000);
    await eventually(() => expect(informer.health().watches).toBeGreaterThan(2));
    expect(informer.health()).toMatchObject({ problem: null, lists: 1 });
  });

  it("reads everything again from time to time, and finds what no watch told", async () => {
    api.put(SHOP, "map-1", { n: 1 });
    const informer = follow({ timings: { resyncMs: 100 } });
    await informer.synced(10_000);
    await eventually(() => expect(api.watching).toBe(1));
    api.remove(SHOP, "map-1", false);
    await eventually(() => expect(told).toContain("removed shop/map-1"));
  });

  it("does not ask in a loop what is refused, and says what is wrong", async () => {
    api.interrupt = (_request, response) => {
      send(
        response,
        403,
        status(403, "Forbidden", 'configmaps is forbidden: User "x" cannot list resource "configmaps"'),
      );
      return true;
    };
    const informer = follow({ timings: { backoffMs: [1, 10_000] } });
    await expect(informer.synced(300)).rejects.toMatchObject({ code: "kubernetes-forbidden" });
    // 1, 2, 4, ... ms between them: fewer than a loop would have sent by far.
    expect(api.requests.length).toBeLessThan(12);
    expect(informer.health()).toMatchObject({ synced: false, problem: { code: "kubernetes-forbidden" } });
  });

  it("tells of what a reader of changes throws, and goes on", async () => {
    api.put(SHOP, "map-1", { n: 1 });
    const informer = follow({
      onChange: ({ key }) => {
        if (key === "shop/map-1") throw new Error("a bug");
        told.push(key);
      },
    });
    await informer.synced(10_000);
    expect(informer.health().problem).toMatchObject({ code: "kubernetes-informer" });
    api.put(SHOP, "map-2", { n: 2 });
    await eventually(() => expect(told).toEqual(["shop/map-2"]));
  });

  it("stops in the middle of anything, and leaves no connection", async () => {
    const followed = follow();
    await followed.synced(10_000);
    await eventually(() => expect(api.watching).toBe(1));
    await followed.stop();
    await eventually(() => expect(api.watching).toBe(0));
    api.interrupt = () => true; // Never answered.
    const listing = follow();
    const waiting = listing.synced(10_000);
    await eventually(() => expect(api.requests.length).toBeGreaterThan(2));
    await listing.stop();
    await expect(waiting).rejects.toMatchObject({ code: "kubernetes-timeout" });
  });
});
