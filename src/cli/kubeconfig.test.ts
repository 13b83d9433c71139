import { describe, expect, it } from "vitest";
import { compile } from "../spec/compile/compile.js";
import { namingCluster } from "./kubeconfig.js";

const CLUSTER = { target: "kubernetes", registry: "registry.example.com/shop" };
const { system } = compile({
  name: "shop",
  services: { web: { command: ["node", "server.js"], port: 8080 } },
  environments: {
    production: CLUSTER,
    elsewhere: { ...CLUSTER, kubernetes: { kubeconfig: "/etc/elsewhere" } },
    chosen: { ...CLUSTER, kubernetes: { context: "blue" } },
  },
});
if (system === undefined) throw new Error("the spec is fine");
const FILES: Readonly<Record<string, string>> = {
  "/home/ada/shop.yaml": "kind: Config\nclusters: []\n",
  "/home/ada/more.yaml": "current-context: green\n",
  "/etc/elsewhere": "current-context: far\n",
  "/home/ada/.kube/config": "current-context: home\n",
  "/home/bob/.kube/config": "{ not yaml",
};
const clusters = async (env: Readonly<Record<string, string>>) => {
  const { environments } = await namingCluster(system, env, async (file) => FILES[file] ?? null);
  const found = ["production", "elsewhere", "chosen"].map((name) => environments[name]?.kubernetes);
  return found.map((one) => [one?.kubeconfig, one?.context]);
};

describe("which cluster a shell means", () => {
  it("is named in what is deployed: another shell, or another current context, must not move it", async () => {
    expect(await clusters({ KUBECONFIG: "/home/ada/shop.yaml:/home/ada/more.yaml" })).toEqual([
      ["/home/ada/shop.yaml:/home/ada/more.yaml", "green"],
      ["/etc/elsewhere", "far"],
      ["/home/ada/shop.yaml:/home/ada/more.yaml", "blue"],
    ]);
  });

  it("is the home's current context without KUBECONFIG", async () => {
    expect(await clusters({ KUBECONFIG: "", HOME: "/home/ada" })).toEqual([
      [null, "home"],
      ["/etc/elsewhere", "far"],
      [null, "blue"],
    ]);
  });

  it("is left to who connects where no file says it: in a pod, or where the file is broken", async () => {
    expect((await clusters({ HOME: "/home/bob" }))[0]).toEqual([null, null]);
    expect((await clusters({}))[0]).toEqual([null, null]);
  });

  it("changes nothing of a system without a cluster", async () => {
    const host = { ...system, environments: {} };
    expect(await namingCluster(host, { KUBECONFIG: "/home/ada/more.yaml" })).toBe(host);
  });
});
