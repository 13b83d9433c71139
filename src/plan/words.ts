import { canonicalJson } from "../spec/canonical-json.js";

/** Quantities as a spec writes them. */
export function duration(ms: number): string {
  if (ms === 0) return "0 s";
  const units = [
    [86_400_000, "d"],
    [3_600_000, "h"],
    [60_000, "min"],
    [1_000, "s"],
  ] as const;
  for (const [unit, name] of units) if (ms >= unit && ms % unit === 0) return `${ms / unit} ${name}`;
  return ms >= 1_000 ? `${Math.round(ms / 100) / 10} s` : `${ms} ms`;
}

export function size(bytes: number): string {
  const units = [
    [1024 ** 3, "GiB"],
    [1024 ** 2, "MiB"],
    [1024, "KiB"],
  ] as const;
  for (const [unit, name] of units) if (bytes >= unit) return `${Math.round((bytes / unit) * 10) / 10} ${name}`;
  return `${bytes} B`;
}

/** 0..1 as a percentage. */
export function share(part: number): string {
  return `${Math.round(part * 10_000) / 100} %`;
}

/** A value as one word of one line, cut when it is long. */
export function quote(value: string): string {
  const cut = value.length > 80 ? `${value.slice(0, 77)}…` : value;
  return /^[\w./:@%+=,-]+$/.test(cut) ? cut : JSON.stringify(cut);
}

export function list(items: readonly string[]): string {
  return items.length === 0 ? "none" : items.join(", ");
}

/** In canonical form: what comes from the ledger has its keys in another order than what a client sends. */
export function same(a: unknown, b: unknown): boolean {
  return a === undefined || b === undefined ? a === b : canonicalJson(a) === canonicalJson(b);
}
