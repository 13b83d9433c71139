const BYTES: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
};

/** `512MiB`, `1 GiB`, `1.5GB` in whole bytes; null when the text is not a size. */
export function sizeBytes(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)\s*([kKMG]i?B|B)$/.exec(text);
  const factor = BYTES[match?.[2] ?? ""];
  return match === null || factor === undefined ? null : Math.round(Number(match[1]) * factor);
}
