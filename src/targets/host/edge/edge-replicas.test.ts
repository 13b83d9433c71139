import http from "node:http";
import { describe, expect, test } from "vitest";
import { afterStory, ask, deadPort, edgeWith, replica, replicaOf, times, until } from "../../../../test/edge/story.js";

describe("while replicas come and go", () => {
  test("requests wait while nothing is ready, and are served when something is", async () => {
    const one = await replica("one");
    const { edge, story } = edgeWith();
    const port = await story({ weights: {}, groups: { r1: [replicaOf(one.port, { ready: false })] } });
    const waiting = times(5, () => ask(port));
    await until(async () => (await edge.metrics()).includes('windlass_edge_requests_held{service="test/test/web"} 5'));
    await story({ weights: { r1: 100 }, groups: { r1: [one.port] } });
    expect((await Promise.all(waiting)).map(({ body }) => body)).toEqual(times(5, () => "one"));
  });

  test("they wait for a bounded time and in a bounded number, then hear 503 and when to come back", async () => {
    const { story } = edgeWith({ limits: { held: 2 } });
    const port = await story({ weights: {}, groups: {}, policy: { holdMs: 200 } });
    const answers = await Promise.all(times(3, () => ask(port)));
    const codes = answers.map(({ status, headers, body }) => [status, headers["retry-after"], JSON.parse(body).code]);
    expect(codes.sort()).toEqual([
      [503, "1", "edge-hold-full"],
      [503, "1", "edge-no-replica"],
      [503, "1", "edge-no-replica"],
    ]);
  });

  test("a connection from before the service went is served when the service is back on its address", async () => {
    const one = await replica("one");
    const { put, story } = edgeWith();
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    afterStory(() => agent.destroy());
    const port = await story({ weights: { r1: 100 }, groups: { r1: [one.port] } });
    expect((await ask(port, "/", { agent })).body).toBe("one");
    await put();
    await story({ port, weights: { r1: 100 }, groups: { r1: [one.port] } });
    const answers = [await ask(port, "/", { agent }), await ask(port, "/", { agent })];
    expect(answers.map(({ status, body }) => [status, body])).toEqual(times(2, () => [200, "one"]));
  });

  test("a replica that refuses connections costs nobody anything, not even a POST", async () => {
    const one = await replica("one", (req, res) => void req.pipe(res));
    const { edge, story } = edgeWith();
    const port = await story({ weights: { r1: 100 }, groups: { r1: [await deadPort(), one.port] } });
    const answers = await Promise.all(times(30, () => ask(port, "/", { method: "POST", body: "hello" })));
    expect(new Set(answers.map(({ status, body }) => `${status} ${body}`))).toEqual(new Set(["200 hello"]));
    expect(await edge.metrics()).toMatch(/windlass_edge_retries_total\{service="test\/test\/web"\} [1-9]/);
  });

  test("the only replica refuses for a moment: the request waits for it instead of failing", async () => {
    const port = await deadPort();
    const { edge, story } = edgeWith();
    const entry = await story({ weights: { r1: 100 }, groups: { r1: [port] } });
    const answer = ask(entry, "/", { method: "POST", body: "x" });
    await until(async () => !(await edge.metrics()).includes('windlass_edge_held_total{service="test/test/web"} 0'));
    const server = http.createServer((_, res) => void res.end("late")).listen(port, "127.0.0.1");
    afterStory(() => server.close());
    expect((await answer).body).toBe("late");
  });

  test("a GET that a replica breaks off before its answer goes to another; a POST does not, and the client hears it", async () => {
    let asked = 0;
    const broken = await replica("broken", (req) => {
      asked += 1;
      req.socket.destroy();
    });
    const sound = await replica("sound");
    const { story } = edgeWith();
    const port = await story({
      weights: { r1: 100 },
      groups: { r1: [broken.port, sound.port] },
      policy: { outAfterFailures: 1_000 },
    });
    const gets = await Promise.all(times(10, () => ask(port)));
    expect(new Set(gets.map(({ body }) => body))).toEqual(new Set(["sound"]));
    asked = 0;
    const posts = await Promise.all(times(10, () => ask(port, "/", { method: "POST", body: "x" })));
    const failed = posts.filter(({ status }) => status === 502);
    expect(failed.length).toBe(asked);
    expect(JSON.parse(failed[0]?.body ?? "{}").code).toBe("edge-upstream-failed");
  });

  test("out after three gateway failures, in again after two successful probes", async () => {
    let well = false;
    const sick = await replica("sick", (_, res) => void (well ? res.end("well") : res.writeHead(503).end()));
    const sound = await replica("sound");
    const { group, story } = edgeWith();
    const port = await story({
      weights: { r1: 100 },
      groups: { r1: [replicaOf(sick.port, { probePath: "/ready" }), sound.port] },
    });
    const out = () => group("r1")?.replicas[`p${sick.port}`]?.out;
    for (let request = 0; request < 12 && out() !== true; request++) await ask(port);
    expect(out()).toBe(true);
    for (const { body } of await Promise.all(times(10, () => ask(port)))) expect(body).toBe("sound");
    well = true;
    await until(() => out() === false);
  });

  test("a canary whose only replica fails keeps its share and its errors: they are not hidden behind stable", async () => {
    const canary = await replica("canary", (_, res) => void res.writeHead(503).end());
    const stable = await replica("stable");
    const { edge, story } = edgeWith();
    const port = await story({ weights: { r1: 80, r2: 20 }, groups: { r1: [stable.port], r2: [canary.port] } });
    for (let request = 0; request < 100; request++) await ask(port);
    const blocks = edge.blocks(0).blocks.filter(({ group }) => group === "r2");
    expect(blocks.reduce((sum, { errors }) => sum + errors, 0)).toBe(20);
  });

  test("a draining replica gets nothing new, and what runs there may finish", async () => {
    let answer = (): void => undefined;
    const slow = await replica("slow", (_, res) => {
      answer = () => void res.end("slow");
    });
    const other = await replica("other");
    const { group, story } = edgeWith();
    const port = await story({ weights: { r1: 100 }, groups: { r1: [slow.port] } });
    const running = ask(port);
    await until(() => group("r1")?.inFlight === 1);
    await story({ weights: { r1: 100 }, groups: { r1: [replicaOf(slow.port, { draining: true }), other.port] } });
    for (const { body } of await Promise.all(times(5, () => ask(port)))) expect(body).toBe("other");
    await until(() => String(answer).includes("slow"));
    answer();
    expect((await running).body).toBe("slow");
    expect(group("r1")?.inFlight).toBe(0);
  });

  test("what does not finish within the drain time is cut", async () => {
    const slow = await replica("slow", (_, res) => void res.write("half"));
    const { group, story } = edgeWith();
    const policy = { drainMs: 100 };
    const port = await story({ weights: { r1: 100 }, groups: { r1: [slow.port] }, policy });
    const running = expect(ask(port)).rejects.toThrow();
    await until(() => group("r1")?.inFlight === 1);
    await story({ weights: { r1: 100 }, groups: { r1: [replicaOf(slow.port, { draining: true })] }, policy });
    await running;
  });
});
