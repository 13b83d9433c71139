import { describe, expect, it } from "vitest";
import { Pulse } from "./pulse.js";

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe("whether an API server answers", () => {
  const begin = (ask: () => Promise<unknown>) => {
    const world = { now: 100_000, asked: 0 };
    const pulse = new Pulse(
      "https://cluster",
      () => {
        world.asked += 1;
        return ask();
      },
      () => world.now,
    );
    return { world, pulse };
  };

  it("asks nothing while the cluster is heard anyway", () => {
    const { world, pulse } = begin(async () => {});
    for (let second = 0; second < 60; second++) {
      world.now += 1_000;
      pulse.require(world.now - 500);
    }
    expect(world.asked).toBe(0);
  });

  it("takes an answer for a sign of life, however long the watches are silent", async () => {
    const { world, pulse } = begin(async () => {});
    for (let second = 0; second < 60; second++) {
      world.now += 1_000;
      pulse.require(100_000);
      await settled();
    }
    expect(world.asked).toBeLessThanOrEqual(15);
  });

  it("says that a server which hangs has not answered, asks it once, and believes it when it does", async () => {
    let answer = (): void => {};
    const { world, pulse } = begin(() => new Promise<void>((resolve) => (answer = resolve)));
    world.now += 60_000;
    pulse.require(100_000);
    world.now += 8_000;
    expect(() => pulse.require(100_000)).toThrow("https://cluster has not answered for 8 s");
    expect(world.asked).toBe(1);
    answer();
    await settled();
    pulse.require(100_000);
  });
});
