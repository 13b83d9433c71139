/** True for a path (relative, `/`) that a build does not get. */
export type Ignores = (name: string) => boolean;

interface Rule {
  readonly text: string;
  readonly matches: RegExp;
  readonly keeps: boolean;
}

/**
 * The rules of a .dockerignore, as Docker reads them: patterns are relative to the context, `**` crosses directories,
 * `!` takes back, the last rule that matches a path or a directory above it decides. A directory that rules with `!` lead
 * into is walked, though it is ignored.
 */
export function ignores(text: string): Ignores {
  const rules = text.split(/\r?\n/).flatMap(ruleOf);
  return (name) => {
    const above = name.split("/").map((_, index, parts) => parts.slice(0, index + 1).join("/"));
    let ignored = false;
    for (const { matches, keeps } of rules)
      if (keeps === ignored && above.some((each) => matches.test(each))) ignored = !keeps;
    return ignored && !rules.some(({ keeps, text: kept }) => keeps && kept.startsWith(`${name}/`));
  };
}

function ruleOf(line: string): readonly Rule[] {
  const trimmed = line.replace(/^\uFEFF/, "").trim();
  if (trimmed === "" || trimmed.startsWith("#")) return [];
  const keeps = trimmed.startsWith("!");
  const text = cleaned(trimmed.slice(keeps ? 1 : 0).trim());
  return text === "" ? [] : [{ text, keeps, matches: expressionOf(text) }];
}

function cleaned(pattern: string): string {
  const parts: string[] = [];
  for (const part of pattern.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return parts.join("/");
}

/** `*`, `?`, `[a-z]` stay within a name; `\` takes a character as it is. */
function expressionOf(pattern: string): RegExp {
  const parts = pattern.match(/\*\*\/|\*\*|\*|\?|\[\^?(?:\\.|[^\]\\])+\]|\\.|[^*?[\\]+|[[\\]/gs) ?? [];
  const source = parts.map((part) => {
    if (GLOB[part] !== undefined) return GLOB[part];
    if (part.length > 1 && part.startsWith("[")) return part;
    return (/^\\.$/s.test(part) ? part.slice(1) : part).replace(/[.+^${}()|[\]\\*?]/g, "\\$&");
  });
  return new RegExp(`^${source.join("")}$`, "s");
}

const GLOB: Readonly<Record<string, string>> = { "**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]" };
