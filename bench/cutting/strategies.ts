import { blueGreen, canary, rolling, type ServiceSpec } from "../../src/spec/define.js";

export interface Way {
  readonly name: string;
  readonly strategy: ServiceSpec["strategy"];
}

/** One deployment of each kind, in turn. `longest`: a canary's stage takes so long when its verdict is late. */
export function ways(longest: string): (deployment: number) => Way {
  const time = { min: "1s", max: longest };
  const stages = [
    { share: 20, time },
    { share: 50, time },
  ];
  const rolls: Way = { name: "rolling", strategy: rolling({ maxSurge: 1, maxUnavailable: 0, observe: "1s" }) };
  const others: readonly Way[] = [
    { name: "blue-green", strategy: blueGreen({ smoke: ["/ready"], observe: "1s", keepOld: "1s" }) },
    { name: "canary", strategy: canary({ stages, keepOld: "1s" }) },
  ];
  return (deployment) => others[(deployment % 3) - 1] ?? rolls;
}
