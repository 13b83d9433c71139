/** Cores: 0.5, or `500m` for thousandths; null when it is neither. */
export function cores(value: number | string): number | null {
  if (typeof value === "number") return value > 0 ? value : null;
  const match = /^(\d+)m$/.exec(value);
  return match === null || Number(match[1]) === 0 ? null : Number(match[1]) / 1000;
}
