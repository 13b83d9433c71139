import { describe, expect, it } from "vitest";
import { compile } from "../spec/compile/compile.js";
import { namingKubeconfig } from "./kubeconfig.js";

const CLUSTER = { target: "kubernetes", registry: "registry.example.com/shop" };
const { system } = compile({
  name: "shop",
  services: { web: { command: ["node", "server.js"], port: 8080 } },
  environments: { production: CLUSTER, elsewhere: { ...CLUSTER, kubernetes: { kubeconfig: "/etc/elsewhere" } } },
});
if (system === undefined) throw new Error("the spec is fine");
const kubeconfigs = (env: Readonly<Record<string, string>>) =>
  Object.values(namingKubeconfig(system, env).environments).map(({ name, kubernetes }) => [
    name,
    kubernetes?.kubeconfig,
  ]);

describe("the kubeconfig of a shell", () => {
  it("is named in what is deployed, because the control plane was started from another shell", () => {
    expect(kubeconfigs({ KUBECONFIG: "/home/ada/shop.yaml:/home/ada/more.yaml" })).toEqual([
      ["development", undefined],
      ["staging", undefined],
      ["production", "/home/ada/shop.yaml:/home/ada/more.yaml"],
      ["elsewhere", "/etc/elsewhere"],
    ]);
  });

  it("changes nothing where there is none", () => {
    expect(namingKubeconfig(system, { KUBECONFIG: "" })).toBe(system);
  });
});
