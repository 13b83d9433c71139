import http from "node:http";
import { describe, expect, test } from "vitest";
import {
  afterStory,
  ask,
  edgeWith,
  replica,
  replicaOf,
  type ServiceStory,
  serviceOf,
  times,
} from "../../../../test/edge/story.js";

describe("traffic goes where the table says", () => {
  test("any 100 requests in a row hit the weights exactly, and a new table takes over at once", async () => {
    const [one, two] = [await replica("one"), await replica("two")];
    const { edge, story } = edgeWith();
    const groups = { r1: [one.port], r2: [two.port] };
    const port = await story({ weights: { r1: 90, r2: 10 }, groups });
    const count = async () =>
      (await Promise.all(times(100, () => ask(port)))).filter(({ body }) => body === "two").length;
    expect(await count()).toBe(10);
    expect(await count()).toBe(10);
    await story({ weights: { r1: 0, r2: 100 }, groups });
    expect(await count()).toBe(100);
    await story({ weights: { r1: 100, r2: 0 }, groups });
    expect(await count()).toBe(0);
    expect(edge.status().generation).toBe(3);
  });

  test("tables change under load and no request fails", async () => {
    const replicas = await Promise.all(times(4, (index) => replica(`r${index}`)));
    const { story } = edgeWith();
    const table = (shift: number): ServiceStory => ({
      weights: { r1: 100 - (shift % 101), r2: shift % 101 },
      groups: {
        r1: replicas.slice(0, 2).map(({ port }, at) => replicaOf(port, { draining: (shift + at) % 2 === 0 })),
        r2: replicas.slice(2).map(({ port }, at) => replicaOf(port, { draining: (shift + at) % 2 === 1 })),
      },
    });
    const port = await story(table(0));
    const agent = new http.Agent({ keepAlive: true, maxSockets: 16 });
    afterStory(() => agent.destroy());
    const statuses = Promise.all(
      times(600, (index) =>
        ask(port, "/", { agent, ...(index % 5 === 0 ? { method: "POST", body: "x".repeat(999) } : {}) }),
      ),
    );
    for (let shift = 1; shift < 40; shift++) await story(table(shift * 7));
    expect(new Set((await statuses).map(({ status }) => status))).toEqual(new Set([200]));
  });

  test("a client keeps its group by its cookie, on stable and on the canary, and the cookie is set once", async () => {
    const [one, two] = [await replica("one"), await replica("two")];
    const { story } = edgeWith();
    const port = await story({
      weights: { r1: 50, r2: 50 },
      groups: { r1: [one.port], r2: [two.port] },
      sticky: { cookie: "w", ttlMs: 1_000 },
    });
    for (const first of await Promise.all(times(10, () => ask(port)))) {
      const cookie = first.headers["set-cookie"]?.[0]?.split(";")[0] ?? "";
      for (const later of await Promise.all(times(5, () => ask(port, "/", { headers: { cookie } })))) {
        expect(later.body).toBe(first.body);
        expect(later.headers["set-cookie"]).toBeUndefined();
      }
    }
  });

  test("an old table is refused, and so is one whose port is taken; what is in force stays", async () => {
    const one = await replica("one");
    const { edge, story } = edgeWith();
    const port = await story({ weights: { r1: 100 }, groups: { r1: [one.port] } });
    await expect(edge.apply({ generation: 1, services: [] })).rejects.toMatchObject({ code: "edge-table-stale" });
    const taken = serviceOf({ weights: {}, groups: {}, port: one.port, key: "test/test/other" });
    await expect(edge.apply({ generation: 9, services: [taken] })).rejects.toMatchObject({ code: "host-port-taken" });
    expect((await ask(port)).body).toBe("one");
  });
});
