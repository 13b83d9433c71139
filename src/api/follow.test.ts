import net from "node:net";
import { describe, expect, test } from "vitest";
import { aborted, codeOf, collect, event, ownSocket, SHOP, VIEW } from "../../test/api/stories.js";
import type { EventRecord } from "../core/model/event.js";
import type { ControlPlane, Update } from "../engine/control-plane.js";
import { WindlassError } from "../error.js";

const own = ownSocket();

describe("following", () => {
  const never = new AbortController().signal;
  /** A ledger that outlives its control planes, as the real one does. */
  function planeOver(events: readonly { kind: "event"; event: EventRecord }[]): Partial<ControlPlane> {
    return {
      follow: async function* (_, version, signal): AsyncIterable<Update> {
        yield* events.filter((each) => each.event.version > version);
        yield { kind: "view", view: VIEW };
        await aborted(signal);
      },
    };
  }

  test("goes on over a control plane that is killed and comes back, with no event twice and none missing", async () => {
    const events = [event(1), event(2)];
    const first = await own.serve(planeOver(events));
    const seen: number[] = [];
    let views = 0;
    for await (const update of own.client().follow(SHOP, 0, never)) {
      if (update.kind === "event") seen.push(update.event.version);
      else if (++views === 1) {
        await first.close(0);
        events.push(event(3));
        setTimeout(() => void own.serve(planeOver(events)), 200);
      } else break;
    }
    expect(seen).toEqual([1, 2, 3]);
  });

  test("waits for one that is back but has not read its ledger yet", async () => {
    let connections = 0;
    await own.serve({
      follow: async function* (): AsyncIterable<Update> {
        connections += 1;
        if (connections === 2) throw new WindlassError("environment-unknown", "there is no shop/production");
        yield event(Math.min(connections, 2));
      },
    });
    expect(await collect(own.client().follow(SHOP, 0, never), 2)).toEqual([event(1), event(2)]);
  });

  test("gives up once it was away for too long, and says so", async () => {
    const listening = await own.serve(planeOver([event(1)]));
    const updates = own.client({ awayMs: 150 }).follow(SHOP, 0, never);
    const following = (async () => {
      for await (const update of updates) if (update.kind === "view") await listening.close(0);
    })();
    await expect(following).rejects.toMatchObject({
      code: "control-plane-unreachable",
      message: "the control plane was away for 0.15 s",
    });
  });

  test("a control plane that comes back only to fail again is not followed for ever", async () => {
    await own.serve({
      follow: async function* () {
        yield { kind: "view", view: VIEW };
      },
    });
    expect(await codeOf(collect(own.client({ awayMs: 100 }).follow(SHOP, 0, never)))).toBe("control-plane-unreachable");
  });

  test("one that hangs is left for a new connection", async () => {
    let connections = 0;
    await own.serve({
      follow: async function* (_, __, signal): AsyncIterable<Update> {
        connections += 1;
        yield event(connections);
        await aborted(signal);
      },
    });
    expect(await collect(own.client({ silenceMs: 60 }).follow(SHOP, 0, never), 2)).toEqual([event(1), event(2)]);
  });

  test("an error that will not pass ends it", async () => {
    await own.serve({
      follow: async function* (): AsyncIterable<Update> {
        yield event(1);
        throw new WindlassError("ledger-corrupt", "record 2 is damaged");
      },
    });
    expect(await codeOf(collect(own.client().follow(SHOP, 0, never)))).toBe("ledger-corrupt");
  });

  test("the signal ends it quietly, on both sides", async () => {
    let ended: () => void = () => undefined;
    const sourceEnded = new Promise<void>((resolve) => {
      ended = resolve;
    });
    await own.serve({
      follow: async function* (_, __, signal): AsyncIterable<Update> {
        yield event(1);
        await aborted(signal);
        ended();
      },
    });
    const stop = new AbortController();
    for await (const _ of own.client().follow(SHOP, 0, stop.signal)) stop.abort();
    await sourceEnded;
  });

  test("a reader that takes nothing is disconnected; the engine never waits for it with more than a buffer", async () => {
    let made = 0;
    let ended: () => void = () => undefined;
    const sourceEnded = new Promise<void>((resolve) => {
      ended = resolve;
    });
    await own.serve(
      {
        follow: async function* (_, __, signal): AsyncIterable<Update> {
          signal.addEventListener("abort", () => ended(), { once: true });
          for (;;) yield event(++made, { padding: "x".repeat(10_000) });
        },
      },
      { limits: { stallMs: 100 } },
    );
    const reader = net.connect(own.file);
    own.onEnd(async () => reader.destroy());
    reader.write("GET /v1/systems/shop/environments/production/follow HTTP/1.1\r\nhost: windlass\r\n\r\n");
    reader.pause();
    await sourceEnded;
    // 10 kB each: the kernel's buffers and ours hold some hundred of them.
    expect(made).toBeLessThan(2_000);
  });
});
