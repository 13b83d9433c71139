import type { Workload } from "../../../src/core/model/intent.js";
import { listContainers } from "../../../src/docker/containers.js";
import type { DockerEngine } from "../../../src/docker/engine.js";
import { labelled } from "../../../src/docker/filters.js";
import { listNetworks } from "../../../src/docker/networks.js";
import { LABEL } from "../../../src/targets/host/container/names.js";
import { instanceOf } from "../../../src/targets/host/daemon/parts.js";
import { type Host, startHost } from "../../contract/host.js";
import { type RigEngine, startEngine } from "./rig/engine.js";
import { serviceImage } from "./rig/service-image.js";

const FIXTURES = new URL("../../fixtures/services/", import.meta.url).pathname;

/** A host target whose daemon uses an Engine of its own. */
export interface DockerWorld {
  readonly rig: RigEngine;
  readonly engine: DockerEngine;
  readonly host: Host;
  /** One of the small services in test/fixtures/services, in a container. */
  run(name: string): Workload["run"];
  /** What this installation has in the Engine, by name: containers and networks. */
  left(): Promise<readonly string[]>;
  /** Ends everything, the Engine at last; rejects when the installation left something in it. */
  end(): Promise<void>;
}

export async function dockerWorld(): Promise<DockerWorld> {
  const rig = await startEngine();
  const engine = await rig.open();
  const image = await serviceImage(engine, { files: { "": FIXTURES }, user: "1000:1000" });
  // The daemon inherits it; no other test of this file's process starts one.
  process.env.DOCKER_HOST = rig.host;
  const host = await startHost();
  const ours = labelled({ [LABEL.instance]: instanceOf(host.places.home) });
  const left = async (): Promise<string[]> => [
    ...(await listContainers(engine, ours)).map(({ Names }) => Names[0]?.slice(1) ?? ""),
    ...(await listNetworks(engine, ours)).map(({ Name }) => Name),
  ];
  return {
    rig,
    engine,
    host,
    left,
    run: (name) => ({ kind: "image", image, argv: ["node", `${name}.mjs`] }),
    async end() {
      try {
        await host.end();
        const names = await left();
        if (names.length > 0) throw new Error(`left in the Engine: ${names.join(", ")}`);
      } finally {
        await engine.close();
        await rig.end();
      }
    },
  };
}
