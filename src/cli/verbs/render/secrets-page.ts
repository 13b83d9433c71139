import type { SecretNeed } from "../../../render/kubernetes/configuration.js";

/** What stands beside the objects: which Secrets they refer to, for the person who has to make them. */
export function secretsPage(environment: string, namespace: string, needs: readonly SecretNeed[]): string {
  const lines = [`# ${environment}`, "", `Objects of the namespace \`${namespace}\`.`];
  if (needs.length === 0) return [...lines, "They refer to no Secret.", ""].join("\n");
  const rows = needs.map(
    ({ name, service, group, variables }) =>
      `| \`${name}\` | ${service}, ${group} | ${variables.map((variable) => `\`${variable}\``).join(", ")} |`,
  );
  const intro = "These Secrets are referred to and not here: make them before, with these keys. Pods wait for them.";
  return [...lines, "", intro, "", "| Secret | of | keys |", "|---|---|---|", ...rows, ""].join("\n");
}
