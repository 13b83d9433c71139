import type { Part, ReportDocument, Table } from "./document.js";
import { harmless } from "./element.js";

export interface MarkdownReport {
  readonly text: string;
  /** SVG files that belong beside it, by name. */
  readonly files: Readonly<Record<string, string>>;
}

/** GitHub's Markdown. `base` is the file's name without its ending: the charts' names begin with it. */
export function markdownReport(report: ReportDocument, base: string, footer: string): MarkdownReport {
  const files: Record<string, string> = {};
  const { banner, title, parts } = report;
  const sentence = banner.sentence === null ? "" : `: ${plain(banner.sentence)}`;
  const blocks = [`# ${plain(title)}`, `**${plain(banner.words)}**${sentence}`];
  for (const part of parts) {
    if (part.kind === "chart") {
      const file = `${base}-${part.chart.name}.svg`;
      files[file] = `<?xml version="1.0" encoding="UTF-8"?>\n${part.chart.draw(true)}\n`;
      blocks.push(`![${plain(`${part.chart.title}. ${part.chart.summary}`)}](<${encodeURI(file)}>)`);
    }
    blocks.push(partText(part));
  }
  return { text: `${[...blocks, `---\n\n${plain(footer)}`].join("\n\n")}\n`, files };
}

function partText(part: Part): string {
  switch (part.kind) {
    case "heading":
      return `${"#".repeat(part.level)} ${plain(part.text)}`;
    case "paragraph":
      return plain(part.text);
    case "facts":
      return part.rows.map(([name, value]) => `- ${plain(name)}: ${plain(value)}`).join("\n");
    case "table":
      return tableText(part);
    case "verbatim":
      return `${plain(part.caption)}\n\n${indented(part.text)}`;
    case "chart":
      return `<details><summary>The same as numbers</summary>\n\n${tableText(part.numbers)}\n\n</details>`;
  }
}

function tableText({ caption, head, rows }: Table): string {
  const row = (cells: readonly string[]) => `| ${cells.map(plain).join(" | ")} |`;
  return [`**${plain(caption)}**`, "", row(head), `|${" --- |".repeat(head.length)}`, ...rows.map(row)].join("\n");
}

/** A code block by indentation: no fence that a text could end. */
function indented(text: string): string {
  return harmless(text)
    .split("\n")
    .map((line) => `    ${line}`)
    .join("\n");
}

/** Text that stays text: on one line, every sign that Markdown or HTML reads is escaped. */
export function plain(text: string): string {
  return harmless(text)
    .replace(/\s+/g, " ")
    .replace(/[\\`*_{}[\]<>#|~!&]/g, (sign) => (sign === "&" ? "&amp;" : sign === "<" ? "&lt;" : `\\${sign}`))
    .replace(/^[-+=]/, "\\$&")
    .replace(/^(\d+)(?=[.)](?:\s|$))/, "$1\\");
}
