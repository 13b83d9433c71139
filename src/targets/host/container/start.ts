import os from "node:os";
import type { DockerEngine } from "../../../docker/engine.js";
import { inspectNetwork } from "../../../docker/networks.js";
import { WindlassError } from "../../../error.js";
import type { PortPool } from "../supervisor/free-port.js";
import type { ReplicaState } from "../supervisor/replica-state.js";
import { bringUp } from "./bring-up.js";
import type { Connection } from "./connection.js";
import type { Images } from "./images.js";
import { fromInside } from "./loopback.js";
import type { Networks } from "./networks.js";
import type { ContainerSeen } from "./seen.js";

/** What one start needs, found out anew for every start by the same code as for a process. */
export interface ContainerStart {
  readonly image: string;
  readonly argv: readonly string[] | null;
  readonly environment: Readonly<Record<string, string>>;
  /** URLs of resources by the variable that carries them, as this machine sees them. */
  readonly urls: Readonly<Record<string, string>>;
  /** On 127.0.0.1 of this machine. */
  readonly port: number | null;
}

export type ContainerPreparation =
  | { readonly kind: "ready"; readonly start: ContainerStart }
  | { readonly kind: "waits"; readonly for: string };

/** What all containers of a daemon share. */
export interface Workshop {
  readonly connection: Connection;
  readonly networks: Networks;
  readonly images: Images;
  readonly ports: PortPool;
}

export interface Placed {
  readonly name: string;
  readonly environment: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly cpu: number | null;
  readonly memoryBytes: number | null;
}

const PORT_TRIES = 5;

/** Network, image and container, in this order; `waits` when it is too early. */
export async function startContainerOf(
  { connection, networks, images, ports }: Workshop,
  placed: Placed,
  state: ReplicaState,
  prepare: (state: ReplicaState) => Promise<ContainerPreparation>,
): Promise<ContainerSeen | { readonly waitsFor: string }> {
  for (let tries = 1, wished = state.port; ; tries++) {
    const preparation = await prepare({ ...state, port: wished });
    if (preparation.kind === "waits") return { waitsFor: preparation.for };
    const { start } = preparation;
    const network = await networks.ensure(placed.environment);
    try {
      const seen = await connection.use(async (engine) => {
        const image = await images.ensure(engine, start.image);
        const { machine, addresses } = await machineFrom(engine, network);
        const environment = { ...start.environment, ...(await urlsInside(start.urls, addresses)) };
        const { stopGraceMs } = state.plan;
        const wish = { ...placed, ...start, image: image.Id, environment, network, machine, stopGraceMs };
        const { User, Entrypoint } = image.Config;
        return bringUp(engine, placed.name, { ...wish, user: User ?? "", entrypoint: Entrypoint ?? [] });
      });
      // One that was there has the port that it has.
      if (seen.port !== start.port) {
        ports.release(start.port);
        if (seen.port !== null) ports.keep(seen.port);
      }
      return seen;
    } catch (error) {
      ports.release(start.port);
      const taken = error instanceof WindlassError && error.code === "host-port-taken";
      if (!taken || tries === PORT_TRIES) throw error;
      wished = null;
    }
  }
}

/**
 * This machine's addresses for a container. The Engine's own bridge first: it is there as long as the Engine is, an
 * environment's network comes and goes. An Engine without that bridge cannot say `host-gateway`.
 */
async function machineFrom(engine: DockerEngine, network: string) {
  const bridge = await gatewayOf(engine, "bridge");
  const own = await gatewayOf(engine, network);
  const machine = bridge === null && own !== null ? own : "host-gateway";
  return { machine, addresses: [bridge, own].filter((address) => address !== null) };
}

async function urlsInside(
  urls: Readonly<Record<string, string>>,
  addresses: readonly string[],
): Promise<Record<string, string>> {
  const inside: Record<string, string> = {};
  for (const [variable, url] of Object.entries(urls)) inside[variable] = await fromInside(variable, url, addresses);
  return inside;
}

/** A network's address of the machine that the Engine runs on. */
export async function gatewayOf(engine: DockerEngine, network: string): Promise<string | null> {
  const found = await inspectNetwork(engine, network);
  return found?.IPAM.Config?.find(({ Gateway }) => Gateway !== undefined)?.Gateway ?? null;
}

/** Whether a container's own address can be reached from here: its network's gateway is this machine itself. */
export function isDirect({ gateway }: Pick<ContainerSeen, "gateway">): boolean {
  const own = Object.values(os.networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return gateway !== null && own.some(({ address }) => address === gateway);
}
