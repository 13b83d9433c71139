import { afterAll, describe, expect, test } from "vitest";
import type { Revision } from "../../src/core/model/revision.js";
import { rehearse } from "../../src/simulate/rehearsal.js";
import { Installation } from "./lab/installation.js";
import { CALM, customers, web, writeShop } from "./lab/shop.js";

const lab = new Installation();
afterAll(async () => expect(await lab.end()).toEqual([]));

const REHEARSALS = 100;
const STRATEGY = {
  kind: "canary",
  stages: [{ share: 20, time: { min: "1m", max: "1m" } }],
  keepOld: "1s",
} as const;

describe("a canary that is compared with what runs, without a threshold that anybody set", () => {
  test("is hauled back when the rehearsals said it would be", async () => {
    const services = { web: web({ strategy: STRATEGY, guards: CALM, analysis: {}, onTooLittleData: "hold" }) };
    writeShop(lab, { release: "1.0.0" }, services);
    expect(await lab.cli("deploy", "lab", "--version", "1.0.0")).toMatchObject({ code: 0 });
    const begun = Date.now();
    const load = customers((await lab.view("shop/lab")).services[0]?.url ?? "", "2.0.0");
    try {
      writeShop(lab, { release: "2.0.0", failEvery: 5 }, services);
      const historyMs = Date.now() - begun;
      const harmful = await lab.cli("deploy", "lab", "--version", "2.0.0");
      expect(harmful.code).toBe(3);
      expect(harmful.output).toMatch(/requests failed \(\d+(\.\d)? %\), stable 0 %: worse by more than 0\.1 points/);

      const events = await lab.events("shop/lab");
      const turned = events.findLast(({ type }) => type === "deployment.turned@1");
      const first = events.findLast(
        ({ type, data }) => type === "stage.observing@1" && (data as { stage: number }).stage === 0,
      );
      const foundAfterMs = (turned?.at ?? 0) - (first?.at ?? 0);

      const registered = events.findLast(({ type }) => type === "revision.registered@1")?.data;
      expect(registered).toBeDefined();
      const { environment } = (registered as { revision: Revision }).revision;
      const times: number[] = [];
      for (let seed = 0; seed < REHEARSALS; seed++) {
        const { turned } = await rehearse({
          environment,
          service: "web",
          traffic: {
            requestsPerSecond: 50,
            base: { errors: 0, slow: 0 },
            harm: { errors: 0.2, slow: 0 },
            burstMs: null,
          },
          seed,
          historyMs,
        });
        expect(turned?.signals).toEqual(["errors"]);
        times.push(turned?.afterMs ?? Number.POSITIVE_INFINITY);
      }
      // Seconds are whole in both; a real one is known some tenths after its end.
      const [least = 0, most = 0] = [Math.min(...times), Math.max(...times)];
      expect(foundAfterMs, `rehearsed: ${least} to ${most} ms`).toBeGreaterThanOrEqual(least - 1_000);
      expect(foundAfterMs, `rehearsed: ${least} to ${most} ms`).toBeLessThanOrEqual(most + 2_000);
    } finally {
      await load.stop();
    }
  });

  test("says why, with its evidence", async () => {
    const why = await lab.cli("why", "lab");
    expect(why.code).toBe(0);
    expect(why.output).toContain("decides (false alarms");
  });
});
