import { hostTargetWorld } from "../../contract/host-target-world.js";
import { targetContract } from "../../contract/target.js";
import { dockerWorld } from "./host-world.js";

targetContract("host with Docker", async () => {
  const world = await dockerWorld();
  return hostTargetWorld({ target: world.host.target, run: world.run, end: () => world.end() });
});
