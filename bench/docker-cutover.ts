import path from "node:path";
import { openEngine, socketOf } from "../src/docker/engine.js";
import { startEngine } from "../test/conformance/docker/rig/engine.js";
import { serviceImage } from "../test/conformance/docker/rig/service-image.js";
import { cutOver } from "./cutting/cutover.js";
import type { BenchResult } from "./result.js";
import { numbers } from "./table/options.js";

const DEFAULTS = { deployments: 20, rate: 200 };
const ROOT = path.join(import.meta.dirname, "..");

/** Containers behind the edge; on the Engine that DOCKER_HOST names, or on one that is started for it. */
export async function run(): Promise<BenchResult> {
  const given = process.env.DOCKER_HOST;
  const rig = given === undefined ? await startEngine() : null;
  try {
    // The control plane's daemon inherits it.
    if (rig !== null) process.env.DOCKER_HOST = rig.host;
    const image = await webImage();
    return await cutOver({ name: "docker-cutover", ...numbers(DEFAULTS), atLeast: DEFAULTS.deployments, image });
  } finally {
    await rig?.end();
  }
}

async function webImage(): Promise<string> {
  const engine = await openEngine({ socket: socketOf(process.env.DOCKER_HOST), deadlineMs: 60_000 });
  try {
    const files = { "": path.join(ROOT, "bench/services"), "node_modules/ws": path.join(ROOT, "node_modules/ws") };
    return await serviceImage(engine, { files, user: "1000:1000", lines: ['CMD ["node", "web.mjs"]'] });
  } finally {
    await engine.close();
  }
}
