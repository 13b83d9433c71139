/** Where the panels of a chart lie, in units of its view box. */
export const BOX = {
  width: 920,
  left: 62,
  right: 176,
  top: 66,
  rates: 230,
  gap: 46,
  evidence: 120,
  bottom: 30,
} as const;

export const PLOT = {
  left: BOX.left,
  right: BOX.width - BOX.right,
  rates: { top: BOX.top, bottom: BOX.top + BOX.rates },
  evidence: { top: BOX.top + BOX.rates + BOX.gap, bottom: BOX.top + BOX.rates + BOX.gap + BOX.evidence },
  height: BOX.top + BOX.rates + BOX.gap + BOX.evidence + BOX.bottom,
} as const;

/** Of one letter at the charts' font size, on average: nothing measures text here. */
export const LETTER = 6.1;

/** Labels at these heights, moved apart so that none covers another, inside the panel; the order stays. */
export function apart<T extends { readonly y: number }>(
  labels: readonly T[],
  top: number,
  bottom: number,
  gap = 14,
): readonly T[] {
  const sorted = labels.map((label) => ({ ...label, y: Math.min(bottom, Math.max(top, label.y)) }));
  sorted.sort((a, b) => a.y - b.y);
  for (let i = 1; i < sorted.length; i++) push(sorted, i, Math.max(sorted[i]?.y ?? 0, (sorted[i - 1]?.y ?? 0) + gap));
  let limit = bottom;
  for (let i = sorted.length - 1; i >= 0; i--) {
    push(sorted, i, Math.min(sorted[i]?.y ?? 0, limit));
    limit = (sorted[i]?.y ?? 0) - gap;
  }
  return sorted;
}

function push<T extends { readonly y: number }>(labels: T[], index: number, y: number): void {
  const label = labels[index];
  if (label !== undefined) labels[index] = { ...label, y };
}
