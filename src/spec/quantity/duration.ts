const MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `500ms`, `10s`, `1.5h`, `2d` in whole milliseconds; null when the text is not a duration. */
export function durationMs(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)$/.exec(text);
  if (match === null) return null;
  return Math.round(Number(match[1]) * MS[match[2] as keyof typeof MS]);
}

/** Milliseconds as a person writes them, in the largest unit that says them exactly. */
export function durationText(ms: number): string {
  for (const unit of ["d", "h", "m", "s"] as const) if (ms > 0 && ms % MS[unit] === 0) return `${ms / MS[unit]}${unit}`;
  return `${ms}ms`;
}
