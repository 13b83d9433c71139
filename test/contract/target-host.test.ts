import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually, type Host, startHost } from "./host.js";
import { group, intent, traffic } from "./intents.js";

let host: Host;
beforeAll(async () => {
  host = await startHost();
});
afterAll(() => host.end());

test("thin path", async () => {
  const { target } = host;
  const web = { groups: { r1: group("r1", 1) }, traffic: traffic({ r1: 100 }) };
  await target.apply("shop/test", { term: 1, revision: 1, intent: intent({ web }) });
  const observation = await eventually(async () => {
    const seen = await target.observe("shop/test");
    return seen.services.web?.groups.r1?.replicas[0]?.phase === "ready" && seen.applied?.revision === 1 ? seen : null;
  }, "web is ready");
  console.log(JSON.stringify(observation, null, 1));
  const answer = await fetch(`http://127.0.0.1:${observation.services.web?.port}/`);
  expect(await answer.json()).toMatchObject({ replica: "web-r1-1" });
});
