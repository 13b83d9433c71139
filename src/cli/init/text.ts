import type { Guess, ServiceGuess } from "./guess.js";

/** `windlass.system.ts` for a guess. */
export function typescriptSpec({ name, services }: Guess): string {
  const imports = [
    "defineSystem",
    ...new Set(services.map((one) => (one.port === null ? "worker" : "service"))),
  ].sort();
  const canary = services.some((one) => one.port !== null);
  if (canary) imports.push("canary");
  const bodies = services.map(
    (one) => `    ${key(one.name)}: ${one.port === null ? "worker" : "service"}({\n${fields(one, "      ")}    }),`,
  );
  const production = canary
    ? `    production: {
      services: {
${services.map((one) => `        ${key(one.name)}: ${one.port === null ? "{ replicas: 1 }" : `{\n          replicas: 2,\n          // 10 % of the requests for a minute (longer, until enough came), then half, then all; hauled back when it does worse than what runs.\n          strategy: canary({ stages: [{ share: 10, time: { min: "1m", max: "30m" } }, { share: 50, time: { min: "1m", max: "30m" } }] }),\n        }`},`).join("\n")}
      },
    },`
    : "    production: {},";
  const reached = services.filter((one) => one.port !== null);
  const dev =
    reached.length === 0 ? "" : ` services: { ${reached.map((one) => `${key(one.name)}: { port: 0 }`).join(", ")} } `;
  return `import { ${[...new Set(imports)].sort().join(", ")} } from "windlass";

export default defineSystem({
  name: ${JSON.stringify(name)},
  services: {
${bodies.join("\n")}
  },
  environments: {
    // A free port: it may run beside production on one machine.
    development: {${dev}},
${production}
  },
});
`;
}

function fields(service: ServiceGuess, indent: string): string {
  const lines = [`command: ${JSON.stringify(service.command)},`];
  if (service.dockerfile !== null)
    lines.push(`dockerfile: ${JSON.stringify(service.dockerfile)}, // where replicas are containers`);
  if (service.port !== null)
    lines.push(`port: ${service.port}, // clients connect here; each replica gets its own in PORT`);
  if (service.health !== null) lines.push(`probes: { readiness: ${JSON.stringify(service.health)} },`);
  return lines.map((line) => `${indent}${line}\n`).join("");
}

function key(name: string): string {
  return /^[a-z][a-z0-9]*$/.test(name) ? name : JSON.stringify(name);
}

/** `windlass.system.yaml` for a guess. */
export function yamlSpec({ name, services }: Guess): string {
  const lines = [`name: ${name}`, "services:"];
  for (const service of services) {
    lines.push(`  ${service.name}:`, `    command: ${JSON.stringify(service.command)}`);
    if (service.dockerfile !== null)
      lines.push(`    dockerfile: ${service.dockerfile} # where replicas are containers`);
    if (service.port !== null)
      lines.push(`    port: ${service.port} # clients connect here; each replica gets its own in PORT`);
    if (service.health !== null) lines.push("    probes:", `      readiness: ${service.health}`);
  }
  lines.push(
    "environments:",
    "  development:",
    "    # A free port: it may run beside production on one machine.",
    "    services:",
  );
  for (const service of services)
    lines.push(`      ${service.name}: { ${service.port === null ? "replicas: 1" : "port: 0"} }`);
  lines.push("  production:", "    services:");
  for (const service of services) {
    lines.push(`      ${service.name}:`, `        replicas: ${service.port === null ? 1 : 2}`);
    if (service.port !== null)
      lines.push(
        "        # 10 % of the requests for a minute (longer, until enough came), then half, then all; hauled back when it does worse than what runs.",
        "        strategy:",
        "          kind: canary",
        "          stages:",
        "            - { share: 10, time: { min: 1m, max: 30m } }",
        "            - { share: 50, time: { min: 1m, max: 30m } }",
      );
  }
  return `${lines.join("\n")}\n`;
}
