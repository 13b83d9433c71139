import type { Terminal } from "./terminal.js";

type Paint = (text: string) => string;

/** Colours and signs as the terminal can show them; without, the words alone say everything. */
export interface Style {
  readonly bold: Paint;
  readonly dim: Paint;
  readonly green: Paint;
  readonly red: Paint;
  readonly yellow: Paint;
  readonly cyan: Paint;
  readonly ok: string;
  readonly bad: string;
  readonly open: string;
  readonly arrow: string;
  readonly full: string;
  readonly half: string;
  readonly empty: string;
  readonly cut: string;
}

export function styleOf(terminal: Pick<Terminal, "colour" | "unicode">): Style {
  const paint =
    (code: number, end: number): Paint =>
    (text) =>
      terminal.colour && text !== "" ? `\u001b[${code}m${text}\u001b[${end}m` : text;
  const signs = terminal.unicode
    ? { ok: "✓", bad: "✗", open: "•", arrow: "→", full: "█", half: "▒", empty: "░", cut: "…" }
    : { ok: "+", bad: "x", open: "-", arrow: "->", full: "#", half: "+", empty: ".", cut: "~" };
  return {
    ...signs,
    bold: paint(1, 22),
    dim: paint(2, 22),
    red: paint(31, 39),
    green: paint(32, 39),
    yellow: paint(33, 39),
    cyan: paint(36, 39),
  };
}
