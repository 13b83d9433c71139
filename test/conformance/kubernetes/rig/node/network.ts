import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Addresses of pods; the first one is the bridge's, on the machine itself. */
export const POD_CIDR = "10.244.0.0/24";
export const BRIDGE_ADDRESS = "10.244.0.1";
const BRIDGE = "wlrig0";
const FORWARDING = "/proc/sys/net/ipv4/ip_forward";
/** A Docker Engine on this machine drops what is forwarded unless a rule before its own lets it pass. */
const RULES = ["-s", "-d"].map((side) => [
  "FORWARD",
  side,
  POD_CIDR,
  "-m",
  "comment",
  "--comment",
  "windlass-rig",
  "-j",
  "ACCEPT",
]);

/** The machine's own IPv4 address: the node's. */
export function nodeAddress(): string {
  const found = Object.values(os.networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find((one) => one.family === "IPv4" && !one.internal && one.address !== BRIDGE_ADDRESS);
  if (found === undefined) throw new Error("this machine has no IPv4 address but loopback: a node needs one");
  return found.address;
}

/** Makes the bridge, lets it forward, and writes the CNI configuration; gives what takes all of it back. */
export async function preparePodNetwork(folder: string): Promise<{ confDir: string; takeBack: () => Promise<void> }> {
  const before = (await readFile(FORWARDING, "utf8")).trim();
  await takeAway();
  await run("ip", ["link", "add", BRIDGE, "type", "bridge"]);
  await run("ip", ["addr", "add", `${BRIDGE_ADDRESS}/24`, "dev", BRIDGE]);
  await run("ip", ["link", "set", BRIDGE, "up"]);
  if (before !== "1") await writeFile(FORWARDING, "1");
  for (const rule of RULES) await run("iptables", ["-w", "10", "-I", ...rule]);
  const confDir = path.join(folder, "cni");
  await mkdir(confDir, { recursive: true });
  await writeFile(path.join(confDir, "10-rig.conflist"), JSON.stringify(conflist(folder)));
  const takeBack = async (): Promise<void> => {
    await takeAway();
    if (before !== "1") await writeFile(FORWARDING, before);
  };
  return { confDir, takeBack };
}

/** Removes bridge and rules, also those of a run that was killed. */
async function takeAway(): Promise<void> {
  for (const rule of RULES) {
    while (await succeeds("iptables", ["-w", "10", "-C", ...rule])) await run("iptables", ["-w", "10", "-D", ...rule]);
  }
  if (await succeeds("ip", ["link", "show", BRIDGE])) await run("ip", ["link", "delete", BRIDGE]);
}

async function succeeds(file: string, argv: readonly string[]): Promise<boolean> {
  return run(file, argv).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      // A program that is not there is no answer.
      if (error.code === "ENOENT") throw error;
      return false;
    },
  );
}

function conflist(folder: string): unknown {
  return {
    cniVersion: "1.0.0",
    name: "windlass-rig",
    plugins: [
      {
        type: "bridge",
        bridge: BRIDGE,
        isGateway: true,
        isDefaultGateway: true,
        // A pod that reaches itself through its Service.
        hairpinMode: true,
        ipam: { type: "host-local", dataDir: path.join(folder, "ipam"), ranges: [[{ subnet: POD_CIDR }]] },
      },
      { type: "portmap", capabilities: { portMappings: true } },
    ],
  };
}
