/** True for a path (relative, `/`) that does not go into the archive. */
export type Excludes = (name: string) => boolean;

/** Never part of a release: the repository's history and Windlass's own state. */
export const ALWAYS_EXCLUDED: readonly string[] = [".git", ".windlass"];

/**
 * Patterns as in .gitignore, without negation: `*` and `?` stay within a name, `**` crosses directories. A pattern
 * with a `/` before its end is relative to the root, any other matches a name at any depth. What is below an excluded
 * directory is excluded, too.
 */
export function excludes(patterns: readonly string[]): Excludes {
  const matchers = [...ALWAYS_EXCLUDED, ...patterns].map(matcher);
  return (name) => matchers.some((matches) => matches.test(name));
}

function matcher(pattern: string): RegExp {
  const plain = pattern.replace(/^\.\//, "").replace(/\/+$/, "");
  const anchored = plain.includes("/");
  const source = plain
    .replace(/^\//, "")
    .split(/(\*\*\/|\*\*|\*|\?)/)
    .map((part) => GLOB[part] ?? part.replace(/[.+^${}()|[\]\\]/g, "\\$&"))
    .join("");
  return new RegExp(`^${anchored ? "" : "(?:.*/)?"}${source}$`, "s");
}

const GLOB: Readonly<Record<string, string>> = { "**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]" };
