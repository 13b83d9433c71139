/** What a registry asks for in `WWW-Authenticate` (RFC 9110, and the distribution project's token specification). */
export type Challenge =
  | { readonly scheme: "basic" }
  | {
      readonly scheme: "bearer";
      readonly realm: string;
      readonly service: string | null;
      readonly scope: string | null;
    };

/** The first challenge that can be answered; null when there is none. */
export function parseChallenge(header: string | readonly string[] | undefined): Challenge | null {
  const lines = header === undefined ? [] : typeof header === "string" ? [header] : header;
  for (const line of lines) {
    const [, scheme = "", rest = ""] = /^\s*(\w+)\s*(.*)$/s.exec(line) ?? [];
    if (scheme.toLowerCase() === "basic") return { scheme: "basic" };
    if (scheme.toLowerCase() !== "bearer") continue;
    const fields = new Map<string, string>();
    for (const [, name = "", quoted, plain] of rest.matchAll(/(\w+)=(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))/g))
      fields.set(name.toLowerCase(), quoted?.replace(/\\(.)/g, "$1") ?? plain ?? "");
    const realm = fields.get("realm");
    if (realm === undefined) continue;
    return { scheme: "bearer", realm, service: fields.get("service") ?? null, scope: fields.get("scope") ?? null };
  }
  return null;
}
