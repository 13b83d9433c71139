import { expect, test } from "vitest";
import { FakePlane } from "../../test/cli/fake-plane.js";
import { WindlassError } from "../error.js";
import { insist } from "./insist.js";

const plane = new FakePlane();
let now = 0;
const cli = {
  connect: async () => plane,
  now: () => now,
  sleep: async (ms: number) => {
    now += ms;
  },
};
const away = () => new WindlassError("control-plane-unreachable", "nobody listens", { retry: "safe" });

test("a question that a control plane did not live to answer is asked again, of the next one", async () => {
  let asked = 0;
  const answer = await insist(cli, plane, async (one) => {
    asked++;
    if (asked < 3) throw away();
    return one.about();
  });
  expect([asked, answer.pid]).toEqual([3, 4711]);
});

test("an answer that is an error is the answer", async () => {
  let asked = 0;
  const question = insist(cli, plane, () => {
    asked++;
    return Promise.reject(new WindlassError("environment-unknown", "there is none"));
  });
  await expect(question).rejects.toMatchObject({ code: "environment-unknown" });
  expect(asked).toBe(1);
});

test("a control plane that stays away is given up", async () => {
  now = 0;
  await expect(insist(cli, plane, () => Promise.reject(away()))).rejects.toMatchObject({
    code: "control-plane-unreachable",
  });
  expect(now).toBeGreaterThan(30_000);
});
