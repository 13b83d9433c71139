import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Account, type AccountOptions } from "./account.js";
import { surcharge } from "./surcharge.js";

const NEEDED = Math.log(100);
const OPTIONS: AccountOptions = { needed: NEEDED, windowMs: 5_000, longMs: 60_000, windows: 2 };
const SLOPES = { steep: 12, flat: 6, unlearned: { most: 4, risesMs: 120_000 } };
const LEARNED_MS = 45 * 60_000;
const LEARNED = { learnedMs: LEARNED_MS, exposedMs: 3_600_000 };
const HALF = { learnedMs: LEARNED_MS / 2, exposedMs: 3_600_000 };

/** Gains of consecutive seconds. */
function account(gains: readonly number[], charge = 0, options = OPTIONS): Account {
  const begun = new Account(options);
  for (const [second, gain] of gains.entries()) begun.add(second * 1_000, gain, charge);
  return begun;
}

describe("evidence on account", () => {
  test("one window gives its part and no more, however much it won; two decide", () => {
    expect(account([1_000]).evidence).toBeLessThan(NEEDED / 2 + 0.15);
    expect(account([1_000, 1_000, 1_000, 1_000, 1_000]).reachedAt).toBeNull();
    expect(account([1_000, 0, 0, 0, 0, 1_000]).reachedAt).toBe(6_000);
  });

  test("what a window won above its part pays for what it loses later", () => {
    expect(account([10, -7]).evidence).toBeCloseTo(account([10]).evidence, 12);
    expect(account([10, -9]).evidence).toBeLessThan(account([10]).evidence);
  });

  test("what was lost is not all lost: a part of it was never at stake, so later harm does not pay for it", () => {
    expect(account([-50, -50, 0, 0, 0, -50]).evidence).toBeGreaterThan(-4);
    const later = account([-50, 0, 0, 0, 0, 10, 0, 0, 0, 0, 10, 0, 0, 0, 0, 10, 0, 0, 0, 0, 10, 0, 0, 0, 0, 10]);
    expect(later.reachedAt).not.toBeNull();
  });

  test("harm that comes and goes shows from long window to long window", () => {
    // Half a minute apart; the test gives back in between what it won.
    const gains = Array.from({ length: 300 }, (_, second) => (second % 30 === 1 ? 50 : second % 30 === 10 ? -8 : 0));
    expect(account(gains).reachedAt).toBeLessThan(130_000);
  });

  test("what is reached stays, at the end of the second in which it was", () => {
    const reached = account([10, 0, 0, 0, 0, 10, -90, -90]);
    expect(reached.evidence).toBeLessThan(0);
    expect(reached.reachedAt).toBe(6_000);
  });

  test("a surcharge raises what is needed, and what a window may give with it", () => {
    const charged = account([1_000], 10);
    expect(charged.needed).toBeCloseTo(NEEDED + 10, 12);
    expect(charged.evidence).toBeGreaterThan(account([1_000]).evidence + 4.5);
    expect(charged.evidence).toBeLessThan((NEEDED + 10) / 2 + 0.15);
    const cases = fc.array(fc.double({ min: -3, max: 5, noNaN: true }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(cases, fc.double({ min: 0, max: 20, noNaN: true }), (gains, charge) => {
        const [free, dear] = [account(gains), account(gains, charge)];
        // Never sooner for being charged.
        expect(dear.reachedAt ?? Number.POSITIVE_INFINITY).toBeGreaterThanOrEqual(
          free.reachedAt ?? Number.POSITIVE_INFINITY,
        );
      }),
      { seed: 4, numRuns: 200 },
    );
  });

  test("is never more than what was won, and restarts change nothing", () => {
    const cases = fc.array(fc.double({ min: -3, max: 5, noNaN: true }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(cases, (gains) => {
        const whole = new Account(OPTIONS);
        let torn = new Account(OPTIONS);
        for (const [second, gain] of gains.entries()) {
          for (const one of [whole, torn]) one.add(second * 1_000, gain, second % 3);
          torn = Account.restore(OPTIONS, JSON.parse(JSON.stringify(torn.snapshot())));
          expect([torn.evidence, torn.needed, torn.reachedAt]).toEqual([whole.evidence, whole.needed, whole.reachedAt]);
        }
      }),
      { seed: 5, numRuns: 200 },
    );
  });

  test("stays a supermartingale, and is reached as rarely as its level says: a whole tree of fair bets", () => {
    // Wins x1.9 or loses to x0.1, each half of the time; sums within windows cross the cap and come back.
    const [win, lose] = [Math.log(1.9), Math.log(0.1)];
    const depth = 14;
    for (const options of [
      { needed: 1.5, windowMs: 3_000, longMs: 36_000, windows: 2 },
      { needed: 2, windowMs: 5_000, longMs: 60_000, windows: 3 },
    ]) {
      let [mean, reached, paths] = [0, 0, 0];
      for (let path = 0; path < 2 ** depth; path++) {
        const gains = Array.from({ length: depth }, (_, i) => ((path >> i) & 1 ? win : lose));
        const end = account(gains, 0, options);
        mean += Math.exp(end.evidence);
        reached += end.reachedAt === null ? 0 : 1;
        paths++;
      }
      expect(mean / paths).toBeLessThanOrEqual(1 + 1e-12);
      expect(reached / paths).toBeGreaterThan(0);
      expect(reached / paths).toBeLessThanOrEqual(Math.exp(-options.needed));
    }
  });
});

describe("what dependence adds", () => {
  test("rises with what the innocent reached and with the canary's size, and falls with what was learned", () => {
    const least = surcharge(0, 1, LEARNED, SLOPES);
    expect(least).toBe(0);
    let before = least;
    for (const beyondChance of [0.1, 1, 2.9, 3, 3.1, 10, 1_000]) {
      const charge = surcharge(beyondChance, 1, LEARNED, SLOPES);
      expect(charge).toBeGreaterThan(before);
      expect(surcharge(beyondChance, 2, LEARNED, SLOPES)).toBeGreaterThan(charge);
      expect(surcharge(beyondChance, 1, HALF, SLOPES)).toBeGreaterThan(charge);
      before = charge;
    }
  });

  test("is steep for little and flatter for much, without a jump between", () => {
    const charge = (beyondChance: number) => surcharge(beyondChance, 1, LEARNED, SLOPES);
    expect(charge(1)).toBeCloseTo(12, 12);
    expect(charge(3)).toBeCloseTo(36, 12);
    expect(charge(4)).toBeCloseTo(42, 12);
  });

  test("counts traffic that nobody has watched yet as bursting", () => {
    expect(surcharge(0, 1, { learnedMs: 0, exposedMs: 120_000 }, SLOPES)).toBeCloseTo(12 * 3 + 6, 12);
    expect(surcharge(0, 1, HALF, SLOPES)).toBeCloseTo(12 * 2, 12);
  });

  test("charges the less for it, the less time there was for a burst", () => {
    const charge = (exposedMs: number) => surcharge(0, 1, { learnedMs: 0, exposedMs }, SLOPES);
    expect(charge(0)).toBe(0);
    expect(charge(3_000)).toBeCloseTo(12 * 0.1, 12);
    expect(charge(60_000)).toBeCloseTo(12 * 2, 12);
    expect(charge(3_600_000)).toBe(charge(120_000));
  });
});
