import type { RollbackPreview } from "../../engine/view.js";
import type { Style } from "./style.js";
import { align, printable } from "./text.js";

/** What a rollback would do, and what it would not. */
export function rollbackLines(preview: RollbackPreview, style: Style): readonly string[] {
  const { from, to, withoutStages, services, notReverted } = preview;
  const before = from === null ? "" : `from ${from.label} (${from.id}) `;
  const lines = [
    `Goes back ${before}to ${style.bold(`${to.label} (${to.id})`)}, ${withoutStages ? "at once" : "stage by stage"}:`,
    ...align(services.map((one) => [style.bold(one.service), printable(one.change)])).map((line) => `  ${line}`),
  ];
  if (notReverted.length > 0) lines.push(style.yellow("It does not take back:"));
  return [...lines, ...notReverted.map((sentence) => `  ${style.open} ${printable(sentence)}`)];
}
