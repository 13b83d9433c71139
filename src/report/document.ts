import type { Chart } from "./chart/chart.js";

/** A report before it has a format: what is in it, in order. All text is plain; each format escapes it. */
export interface ReportDocument {
  readonly title: string;
  readonly banner: { readonly tone: Tone; readonly words: string; readonly sentence: string | null };
  readonly parts: readonly Part[];
}

export type Tone = "good" | "bad" | "open";

export type Part =
  | { readonly kind: "heading"; readonly level: 2 | 3; readonly text: string }
  | { readonly kind: "paragraph"; readonly text: string; readonly aside?: boolean }
  | { readonly kind: "facts"; readonly rows: readonly (readonly [name: string, value: string])[] }
  | Table
  | { readonly kind: "chart"; readonly chart: Chart; readonly numbers: Table }
  | { readonly kind: "verbatim"; readonly caption: string; readonly text: string };

export interface Table {
  readonly kind: "table";
  readonly caption: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}
