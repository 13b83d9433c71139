/** `5%` as 5; null when the text is not a percentage between 0 and 100. */
export function percent(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)\s*%$/.exec(text);
  const value = Number(match?.[1]);
  return match === null || value > 100 ? null : value;
}
