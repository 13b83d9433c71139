import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);
/** kube-proxy makes this chain, and leaves it when it cleans up: elsewhere it is the kubelet's, too. */
const CHAIN = "KUBE-FIREWALL";

export async function hasFirewall(): Promise<boolean> {
  return (await rules()).includes(`-N ${CHAIN}`);
}

export async function removeFirewall(): Promise<void> {
  const found = await rules();
  for (const from of ["INPUT", "OUTPUT"]) {
    if (found.includes(`-A ${from} -j ${CHAIN}`)) await run("iptables", ["-w", "10", "-D", from, "-j", CHAIN]);
  }
  if (!found.includes(`-N ${CHAIN}`)) return;
  await run("iptables", ["-w", "10", "-F", CHAIN]);
  await run("iptables", ["-w", "10", "-X", CHAIN]);
}

async function rules(): Promise<readonly string[]> {
  return (await run("iptables", ["-w", "10", "-S"])).stdout.split("\n");
}
