import { durationMs } from "../quantity/duration.js";
import { percent } from "../quantity/percent.js";
import { sizeBytes } from "../quantity/size.js";

// The schema has checked the texts, so a null here is a bug and says so.

export function ms(text: string): number {
  return known(durationMs(text), text);
}

export function bytes(text: string): number {
  return known(sizeBytes(text), text);
}

export function percentOf(text: string): number {
  return known(percent(text), text);
}

/** `0.1%` as 0.001; without the digits that binary fractions add. */
export function shareOf(text: string): number {
  return Number((percentOf(text) / 100).toPrecision(12));
}

function known(value: number | null, text: string): number {
  if (value === null) throw new Error(`the schema let "${text}" pass`);
  return value;
}
