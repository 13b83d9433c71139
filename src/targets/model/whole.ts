/** What a rate of `perSecond` adds in the second that begins at `at`: whole numbers that never drift from the rate. */
export function whole(perSecond: number, at: number): number {
  const second = at / 1000;
  return Math.floor(perSecond * (second + 1)) - Math.floor(perSecond * second);
}
