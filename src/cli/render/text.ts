const ESCAPE = "\u001b";
const COLOUR = new RegExp(`${ESCAPE}\\[[0-9;]*m`, "g");

/** Columns that a line takes: colours take none, wide characters take two. */
export function widthOf(line: string): number {
  let width = 0;
  for (const character of line.replace(COLOUR, "")) width += columnsOf(character);
  return width;
}

function columnsOf(character: string): number {
  if (/\p{Mark}/u.test(character)) return 0;
  return /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u.test(
    character,
  )
    ? 2
    : 1;
}

/** The line in rows of at most `columns`, broken between words; what goes on is indented, colours go on. */
export function fold(line: string, columns: number): readonly string[] {
  const start = line.length - line.trimStart().length;
  const indent = " ".repeat(Math.min(start + 2, Math.floor(columns / 2)));
  const rows: string[] = [];
  let rest = line;
  while (widthOf(rest) > columns) {
    const at = breakAt(rest, columns, rows.length === 0 ? start : indent.length);
    const open = openColour(rest.slice(0, at));
    rows.push(`${rest.slice(0, at).trimEnd()}${open === "" ? "" : `${ESCAPE}[0m`}`);
    rest = `${indent}${open}${rest.slice(at).trimStart()}`;
  }
  return [...rows, rest];
}

/** Where a row ends: after the last space that fits, or, in a word that is longer than the row, at its end. */
function breakAt(line: string, columns: number, start: number): number {
  let width = 0;
  let at = 0;
  let space = 0;
  for (const part of line.split(new RegExp(`(${ESCAPE}\\[[0-9;]*m)`)))
    for (const piece of part.startsWith(ESCAPE) ? [part] : part) {
      width += widthOf(piece);
      if (width > columns) return space === 0 ? at : space;
      at += piece.length;
      if (piece === " " && width > start) space = at;
    }
  return at;
}

/** The colour that is not ended yet, as the escape sequence that begins it. */
function openColour(text: string): string {
  const last = text.match(COLOUR)?.at(-1);
  return last === undefined || /\[(?:0|22|39)m$/.test(last) ? "" : last;
}

/** Rows with their columns under each other; colours do not count. */
export function align(rows: readonly (readonly string[])[], gap = "  "): readonly string[] {
  const widths: number[] = [];
  for (const row of rows)
    for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, widthOf(cell));
  return rows.map((row) =>
    row
      .map((cell, index) => (index === row.length - 1 ? cell : cell + " ".repeat((widths[index] ?? 0) - widthOf(cell))))
      .join(gap)
      .trimEnd(),
  );
}

/** What a service printed, made harmless for a terminal: no escape sequence reaches it. */
export function printable(text: string): string {
  return text.replace(new RegExp(`${ESCAPE}\\[[0-?]*[ -/]*[@-~]`, "g"), "").replace(/\p{Cc}/gu, (character) => {
    return character === "\t" ? "  " : `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
}

/** `1 h 3 min`, `2 min`, `1.5 s`, `300 ms`: two units at most. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  const seconds = ms < 10_000 ? Math.round(ms / 100) / 10 : Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const units: readonly [string, number][] = [
    ["d", 86_400],
    ["h", 3_600],
    ["min", 60],
    ["s", 1],
  ];
  const whole = Math.round(seconds);
  const first = units.findIndex(([, size]) => whole >= size);
  const parts = units.slice(first, first + 2).map(([name, size], index) => {
    const above = units[first + index - 1];
    const rest = index === 0 || above === undefined ? whole : whole % above[1];
    return [Math.floor(rest / size), name] as const;
  });
  return parts
    .filter(([count]) => count > 0)
    .map(([count, name]) => `${count} ${name}`)
    .join(" ");
}

export function bytes(count: number): string {
  if (count < 1024) return `${count} B`;
  const units = ["KiB", "MiB", "GiB", "TiB"];
  let value = count / 1024;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value >= 10 ? Math.round(value) : Math.round(value * 10) / 10} ${units[unit]}`;
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
