export type Argv = { readonly argv: readonly string[] } | { readonly refused: string };

/**
 * Splits a command line into arguments at white space, with '…' and "…" around an argument that holds some.
 * No shell is ever started, so what only a shell understands is refused instead of being handed over as text.
 */
export function splitCommand(line: string): Argv {
  const argv: string[] = [];
  let current: string | null = null;
  let quote: string | null = null;
  for (const character of line) {
    if (quote !== null) {
      if (character === quote) quote = null;
      else current = (current ?? "") + character;
    } else if (character === "'" || character === '"') {
      quote = character;
      current ??= "";
    } else if (/\s/.test(character)) {
      if (current !== null) argv.push(current);
      current = null;
    } else if ("|&;<>$`\\*?(){}~#".includes(character)) {
      return { refused: `"${character}" means something to a shell only, and no shell is started` };
    } else current = (current ?? "") + character;
  }
  if (quote !== null) return { refused: `the quote ${quote} is never closed` };
  if (current !== null) argv.push(current);
  return argv.length === 0 ? { refused: "the command is empty" } : { argv };
}
