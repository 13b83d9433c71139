/** A time as one says it: `40 s`, `22 min`, `3 h`, `2 days`. A rehearsal knows no more digits. */
export function roughly(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  const minutes = seconds / 60;
  if (minutes < 90 && minutes !== 60) return `${twoDigits(minutes)} min`;
  const hours = minutes / 60;
  return hours < 48 ? `${twoDigits(hours)} h` : `${Math.round(hours / 24)} days`;
}

function twoDigits(value: number): number {
  return value < 10 ? Math.round(value * 2) / 2 : Math.round(value);
}
