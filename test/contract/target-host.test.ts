import { startHost } from "./host.js";
import { hostTargetWorld } from "./host-target-world.js";
import { fixture } from "./intents.js";
import { targetContract } from "./target.js";

targetContract("host", async () => {
  const host = await startHost();
  return hostTargetWorld({ target: host.target, run: fixture, end: () => host.end() });
});
