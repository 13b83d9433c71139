import { describe, expect, test } from "vitest";
import type { SignalJudgement } from "../core/model/judgement.js";
import type { Measurement, SignalProvider } from "../ports/signal-provider.js";
import type { CompiledSignal, Polled } from "../spec/compiled.js";
import { SignalPoller, withTrouble } from "./poller.js";

const TIMES: Polled = { everyMs: 5_000, timeoutMs: 1_000, staleMs: 12_000 };
const SIGNAL: CompiledSignal = {
  name: "checkout",
  margin: { fail: 0, pass: 0.01 },
  objective: null,
  source: { kind: "command", argv: ["check"], ...TIMES },
};
const SUBJECT = { environment: "shop/production", service: "web", signal: SIGNAL, stable: "r1", canary: "r2" };

/** A poller that began at 0, and what it logged; `measure` stands in for the source. */
function begin(measure: (now: number) => Promise<Measurement>) {
  const said: string[] = [];
  const provider: SignalProvider = { begin: () => ({ measure, close: async () => {} }) };
  const poller = new SignalPoller(SUBJECT, TIMES, provider, 0, (_level, message) => said.push(message));
  /** Asks when it is time to, and lets the answer arrive. */
  const look = async (now: number) => {
    const taken = [...poller.take(now)];
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
    return taken;
  };
  return { poller, look, said };
}

function data(...at: readonly number[]): Measurement {
  return { kind: "data", intervals: at.map((one) => ({ at: one, stable: [], canary: [] })) };
}

describe("a poller", () => {
  test("hands over each interval once, whenever the answer comes", async () => {
    const { look } = begin(async (now) => data(now - 1_000, now));
    expect(await look(0)).toEqual([]);
    expect((await look(100)).map(({ at }) => at)).toEqual([-1_000, 0]);
    expect(await look(200)).toEqual([]);
    expect(await look(5_000)).toEqual([]);
    expect(await look(5_100)).toHaveLength(2);
  });

  test("never asks twice at a time, and asks again when the answer is late", async () => {
    const asked: number[] = [];
    let answer: (measurement: Measurement) => void = () => {};
    const { look } = begin((now) => {
      asked.push(now);
      return new Promise((resolve) => {
        answer = resolve;
      });
    });
    for (const now of [0, 5_000, 10_000]) await look(now);
    expect(asked).toEqual([0]);
    answer(data(0));
    await look(10_100);
    await look(10_200);
    expect(asked).toEqual([0, 10_200]);
  });

  test("is in trouble after staleness, not at the first silence; the next answer ends it", async () => {
    let silent = true;
    const { poller, look } = begin(async (now) =>
      silent ? { kind: "no-answer", sentence: "connection refused" } : data(now),
    );
    await look(0);
    expect(poller.trouble(12_000)).toBeNull();
    expect(poller.trouble(12_001)).toEqual({
      verdict: "provider-error",
      sentence: "checkout: its source has not answered for 12 s (connection refused)",
    });
    silent = false;
    await look(15_000);
    expect(poller.trouble(15_100)).toBeNull();
  });

  test("keeps only so much of a source that sends too much", async () => {
    const { look } = begin(async () => data(...Array.from({ length: 5_000 }, (_, index) => index)));
    await look(0);
    const taken = await look(1);
    expect(taken).toHaveLength(1_000);
    expect(taken.at(-1)?.at).toBe(4_999);
  });

  test("takes a probe that throws for a bug, and for no answer", async () => {
    const { poller, look, said } = begin(async () => {
      throw new TypeError("x is not a function");
    });
    await look(0);
    expect(said).toEqual(["checkout: x is not a function"]);
    expect(poller.trouble(20_000)?.verdict).toBe("provider-error");
  });

  test("that cannot begin says why", () => {
    const provider: SignalProvider = {
      begin: () => {
        throw new Error("nobody knows this kind");
      },
    };
    const poller = new SignalPoller(SUBJECT, TIMES, provider, 0, () => {});
    expect(poller.take(0)).toEqual([]);
    expect(poller.trouble(0)?.sentence).toBe("checkout: its source cannot be asked (nobody knows this kind)");
  });
});

test("trouble takes a pass away and no fail: a harm that was proved stays proved", () => {
  const judged = (verdict: "pass" | "fail"): SignalJudgement => ({
    signal: "checkout",
    verdict,
    canary: { bad: 0, total: 10 },
    stable: null,
    sentence: "as measured",
  });
  const trouble = { verdict: "provider-error" as const, sentence: "silent" };
  expect(withTrouble(judged("pass"), trouble)).toMatchObject({ ...trouble, canary: { total: 10 } });
  expect(withTrouble(judged("fail"), trouble).verdict).toBe("fail");
  expect(withTrouble(judged("pass"), null).verdict).toBe("pass");
});
