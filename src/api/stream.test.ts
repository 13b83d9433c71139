import { describe, expect, test } from "vitest";
import { aborted, api, event, SHOP_PATH } from "../../test/api/stories.js";
import type { Update } from "../engine/control-plane.js";
import { WindlassError } from "../error.js";

describe("following", () => {
  async function* untilAborted(signal: AbortSignal, updates: readonly Update[]): AsyncIterable<Update> {
    yield* updates;
    await aborted(signal);
  }

  test("Last-Event-ID says where to go on, before the query does", async () => {
    const asked: number[] = [];
    const { app } = api({
      follow: async function* (_, version) {
        asked.push(version);
        yield event(version + 1);
      },
    });
    const text = async (headers: Record<string, string>) =>
      (await app.request(`${SHOP_PATH}/follow?version=3`, { headers })).text();
    expect(await text({})).toMatch(/^event: event\nid: 4\ndata: \{"kind":"event".*\}\n\n$/);
    await text({ "last-event-id": "7" });
    expect(asked).toEqual([3, 7]);
  });

  test("an unknown environment is told by status, what goes wrong later by a last event", async () => {
    const { app } = api({
      follow: async function* (key) {
        if (key === "shop/nowhere") throw new WindlassError("environment-unknown", "there is none");
        yield event(1);
        throw new WindlassError("ledger-corrupt", "record 2 is damaged");
      },
    });
    expect((await app.request("/v1/systems/shop/environments/nowhere/follow")).status).toBe(404);
    const text = await (await app.request(`${SHOP_PATH}/follow`)).text();
    expect(text).toMatch(/\n\nevent: error\ndata: \{"error":\{"code":"ledger-corrupt".*\}\}\n\n$/);
  });

  test("a gap is not passed on: the reader comes back for what is missing", async () => {
    const { app } = api({
      follow: async function* () {
        yield event(1);
        yield event(4);
      },
    });
    const text = await (await app.request(`${SHOP_PATH}/follow`)).text();
    expect(text).not.toContain("id: 4");
    expect(text).toContain('"code":"follow-gap"');
    expect(text).toContain('"retry":"safe"');
  });

  test("a silent stream says that it is there, and ends when the server closes", async () => {
    const closing = new AbortController();
    const { app } = api(
      { follow: (_, __, signal) => untilAborted(signal, [event(1)]) },
      { closing: closing.signal, limits: { heartbeatMs: 5 } },
    );
    const response = await app.request(`${SHOP_PATH}/follow`);
    let text = "";
    for await (const chunk of response.body ?? []) {
      text += new TextDecoder().decode(chunk as Uint8Array);
      if (text.includes(": still here")) closing.abort();
    }
    expect(text.startsWith("event: event\n")).toBe(true);
  });

  test("a source is read no faster than its reader, and is told when the reader goes", async () => {
    let made = 0;
    let ended = false;
    const { app } = api(
      {
        follow: async function* (_, __, signal) {
          signal.addEventListener("abort", () => {
            ended = true;
          });
          for (let version = 1; ; version++) {
            made = version;
            yield event(version);
          }
        },
      },
      { limits: { bufferBytes: 2_000 } },
    );
    const response = await app.request(`${SHOP_PATH}/follow`);
    const reader = response.body?.getReader();
    await reader?.read();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(made).toBeLessThan(50);
    await reader?.cancel();
    expect(ended).toBe(true);
  });

  test("logs end with what went wrong", async () => {
    const line = { service: "web", replica: "r1-1", stream: "stdout", text: "hello" } as const;
    const { app } = api({
      logs: async function* (_, query) {
        expect(query).toEqual({ service: "web", replica: null, lines: 5, follow: true });
        yield line;
        throw new WindlassError("host-daemon-unreachable", "the daemon went away", { retry: "safe" });
      },
    });
    const text = await (await app.request(`${SHOP_PATH}/logs?service=web&lines=5&follow=true`)).text();
    const [first, second] = text.trim().split("\n");
    expect(JSON.parse(first ?? "")).toEqual(line);
    expect(JSON.parse(second ?? "").error.code).toBe("host-daemon-unreachable");
  });
});
