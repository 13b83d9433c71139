import type { CompiledEnvironment } from "../../spec/compiled.js";

/** Service names so that each comes after what it starts after; otherwise as the spec lists them. */
export function deploymentOrder(environment: CompiledEnvironment): readonly string[] {
  const ordered: string[] = [];
  const visiting = new Set<string>();
  const visit = (name: string): void => {
    const service = environment.services[name];
    if (service === undefined || ordered.includes(name) || visiting.has(name)) return;
    visiting.add(name);
    for (const before of service.after) visit(before);
    ordered.push(name);
  };
  for (const name of Object.keys(environment.services)) visit(name);
  return ordered;
}
