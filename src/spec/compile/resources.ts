import type { CompiledResource } from "../compiled.js";
import type { AuthoredResource } from "./authored.js";
import type { Report } from "./report.js";

const SCHEMES = { postgres: /^postgres(ql)?:\/\//, redis: /^rediss?:\/\// } as const;

export function resource(
  name: string,
  written: AuthoredResource,
  isCluster: boolean,
  report: Report,
): CompiledResource {
  const chosen = (["embedded", "local", "external"] as const).filter((key) => written[key] !== undefined);
  if (chosen.length > 1) report.add("spec-resource", `a resource is one of ${chosen.join(", ")}, not several`);
  if (written.external?.generate !== undefined)
    report
      .below("external", "generate")
      .add("spec-resource", "the URL of a server cannot be made up", "remove generate");
  if (isCluster && written.external === undefined)
    (written.local === undefined ? report : report.below("local")).add(
      "spec-resource-in-cluster",
      `Windlass runs no ${written.kind} in a cluster, and pods reach none on this machine`,
      `external: secret("${name}-url")`,
    );
  return { name, kind: written.kind, source: source(written, report) };
}

function source(written: AuthoredResource, report: Report): CompiledResource["source"] {
  if (written.external !== undefined) return { kind: "external", urlSecret: written.external.secret };
  if (written.local === undefined) return { kind: "embedded" };
  const here = report.below("local");
  if (!SCHEMES[written.kind].test(written.local))
    here.add(
      "spec-resource",
      `not the URL of a ${written.kind} server`,
      `${written.kind === "redis" ? "redis" : "postgresql"}://host/…`,
    );
  // A password in a spec would be in the ledger for ever.
  if (/^[^:]+:\/\/[^/@]*:[^/@]+@/.test(written.local) || /[?&]password=/i.test(written.local))
    here.add("spec-secret-in-url", "the URL holds a password", 'external: secret("…") keeps it out of the spec');
  return { kind: "local", url: written.local };
}
