import type { Style } from "./style.js";

/** A share of requests as a bar: full up to what is in force, half up to what is asked for. */
export function bar(asked: number, inForce: number | null, width: number, style: Style): string {
  const cells = (percent: number) => Math.round((Math.min(100, Math.max(0, percent)) * width) / 100);
  const full = cells(Math.min(asked, inForce ?? 0));
  const half = Math.max(full, cells(Math.max(asked, inForce ?? 0)));
  return style.full.repeat(full) + style.half.repeat(half - full) + style.dim(style.empty.repeat(width - half));
}
