import type { ContainerSpec } from "../../../docker/containers.js";
import { MACHINE_FROM_CONTAINER } from "../../../spec/defaults.js";
import { CONTAINER_PORT } from "./seen.js";

/** What a container is made from; secrets are in `environment`, and travel in the body of the call alone. */
export interface ContainerWish {
  readonly image: string;
  /** Replaces the image's command; null: the image's own. */
  readonly argv: readonly string[] | null;
  readonly environment: Readonly<Record<string, string>>;
  /** On 127.0.0.1 of this machine. */
  readonly port: number | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly network: string;
  /** This machine's address as the container sees it; `host-gateway` where the Engine knows it. */
  readonly machine: string;
  /** The image's; empty: root. */
  readonly user: string;
  readonly entrypoint: readonly string[];
  readonly cpu: number | null;
  readonly memoryBytes: number | null;
  readonly stopGraceMs: number;
}

/** Of a service that asks for no root, and of an image that says nothing else: nobody on any machine. */
const UNPRIVILEGED = "65532:65532";
const MOST_PROCESSES = 512;
/** In memory, and counted as the container's. */
const TMP = "rw,nosuid,nodev,size=64m,mode=1777";
/** The Engine keeps so much of what a container prints. */
const LOGS = { "max-size": "8m", "max-file": "2" };

/** The Engine's description of a replica's container: what it may not do is the same for all. Pure. */
export function containerBody(wish: ContainerWish): ContainerSpec {
  const { argv, port, memoryBytes, cpu } = wish;
  const inside = `${CONTAINER_PORT}/tcp`;
  return {
    Image: wish.image,
    ...(argv === null ? {} : { Cmd: argv }),
    Env: environmentOf(wish),
    User: unprivileged(wish.user),
    Labels: wish.labels,
    // The daemon's probes decide, so that a service is judged alike wherever it runs.
    Healthcheck: { Test: ["NONE"] },
    StopSignal: "SIGTERM",
    StopTimeout: Math.ceil(wish.stopGraceMs / 1_000),
    ...(port === null ? {} : { ExposedPorts: { [inside]: {} } }),
    HostConfig: {
      NetworkMode: wish.network,
      // The URLs of services that it calls lead to the edge, which listens on this machine.
      ExtraHosts: [`${MACHINE_FROM_CONTAINER}:${wish.machine}`],
      ...(port === null ? {} : { PortBindings: { [inside]: [{ HostIp: "127.0.0.1", HostPort: String(port) }] } }),
      // Also after exit code 0, and while no daemon is there; what was stopped on purpose stays stopped.
      RestartPolicy: { Name: "unless-stopped" },
      // The same with and without swap: there is none.
      ...(memoryBytes === null ? {} : { Memory: memoryBytes, MemorySwap: memoryBytes }),
      ...(cpu === null ? {} : { NanoCpus: Math.max(10_000_000, Math.round(cpu * 1e9)) }),
      PidsLimit: MOST_PROCESSES,
      ReadonlyRootfs: true,
      Tmpfs: { "/tmp": TMP },
      CapDrop: ["ALL"],
      SecurityOpt: ["no-new-privileges"],
      Init: !hasInit(wish.entrypoint),
      LogConfig: { Type: "json-file", Config: LOGS },
    },
  };
}

export function environmentOf({ environment }: Pick<ContainerWish, "environment">): string[] {
  return Object.entries(environment).map(([name, value]) => `${name}=${value}`);
}

const INITS = new Set(["tini", "tini-static", "dumb-init", "catatonit", "docker-init", "s6-svscan"]);

/** An image that brings an init of its own gets no second one, which would only complain. */
function hasInit([first = ""]: readonly string[]): boolean {
  return INITS.has(first.slice(first.lastIndexOf("/") + 1));
}

/** A container is never root: one that its image gives to root, or to nobody, runs as somebody without a name. */
function unprivileged(user: string): string {
  const [name = ""] = user.split(":");
  return name === "" || name === "root" || /^0+$/.test(name) ? UNPRIVILEGED : user;
}
