/** Nanoseconds since 1970 of an RFC 3339 time as the Engine writes it, with any number of decimals. */
export function nanoseconds(text: string): bigint {
  const match = /^(.*?)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)$/.exec(text);
  if (match === null) return 0n;
  const [, seconds = "", decimals = "", zone = "Z"] = match;
  const milliseconds = Date.parse(`${seconds}${zone}`);
  if (Number.isNaN(milliseconds)) return 0n;
  return BigInt(milliseconds) * 1_000_000n + BigInt(decimals.padEnd(9, "0").slice(0, 9));
}

/** Milliseconds between two such times; never negative. */
export function millisecondsBetween(from: string, to: string): number {
  return Math.max(0, Number((nanoseconds(to) - nanoseconds(from)) / 1_000_000n));
}

/** `<seconds>.<nanoseconds>`, as the Engine takes times in queries. */
export function engineTime(at: bigint): string {
  return `${at / 1_000_000_000n}.${String(at % 1_000_000_000n).padStart(9, "0")}`;
}
