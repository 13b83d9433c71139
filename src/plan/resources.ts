import type { CompiledEnvironment, CompiledResource } from "../spec/compiled.js";
import type { Plan } from "./plan.js";

type ResourcePlan = Plan["resources"][number];

/** What happens to each resource. Data is never removed by a deployment. */
export function resourcePlans(from: CompiledEnvironment | null, to: CompiledEnvironment): readonly ResourcePlan[] {
  const names = [...new Set([...Object.keys(from?.resources ?? {}), ...Object.keys(to.resources)])].sort();
  return names.map((name) => {
    const before = from?.resources[name];
    const after = to.resources[name];
    if (after === undefined) return { name, action: "remove", why: "it is not in the spec any more; its data is kept" };
    if (before === undefined) return { name, action: "create", why: `${after.kind}, ${where(after)}` };
    if (before.kind === after.kind && where(before) === where(after))
      return { name, action: "keep", why: `${after.kind}, ${where(after)}` };
    const change = `${before.kind}, ${where(before)} → ${after.kind}, ${where(after)}`;
    return { name, action: "change", why: `${change}; data does not move with it` };
  });
}

/** Without what a URL may hold before its host. */
function where({ source }: CompiledResource): string {
  switch (source.kind) {
    case "embedded":
      return "run by Windlass";
    case "local":
      return `on this machine at ${source.url.replace(/\/\/[^/@]*@/, "//").replace(/\?.*$/, "")}`;
    case "external":
      return `elsewhere, at the secret ${source.urlSecret}`;
  }
}
