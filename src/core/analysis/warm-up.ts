import { AGES, GROWN } from "./age.js";

/** An age is part of the warm-up when its rate is higher than later ones' by chance only once in a thousand. */
const Z = 3.1;
const FEWEST_BAD = 4;
const FEWEST_LATER = 20;

export interface Counted {
  readonly bad: number;
  readonly total: number;
}

const NOTHING: Counted = { bad: 0, total: 0 };

function add(one: Counted, other: Counted): Counted {
  return { bad: one.bad + other.bad, total: one.total + other.total };
}

/**
 * More bad ones than later rates explain, by roots of counts (Anscombe 1948), which are nearly normal even for few; and
 * enough of them that it is no accident of two or three.
 */
function isHigher(young: Counted, later: Counted): boolean {
  if (young.bad < FEWEST_BAD || later.total < FEWEST_LATER) return false;
  const expected = ((later.bad + 0.5) / later.total) * young.total;
  return 2 * (Math.sqrt(young.bad + 3 / 8) - Math.sqrt(expected + 3 / 8)) > Z;
}

/**
 * How long a replica's answers are worse after its start than later, in milliseconds, from counts by age. An age belongs
 * to it when it is surely worse than what comes later, or one after it is and it is no better.
 */
export function warmUpOf(ages: readonly Counted[]): number {
  let warm = 0;
  for (let age = 0; age < GROWN; age++) {
    const young = ages[age] ?? NOTHING;
    const later = ages.slice(age + 1).reduce(add, NOTHING);
    if (isHigher(young, later)) warm = age + 1;
    else if (young.total > 0 && young.bad * later.total < later.bad * young.total) break;
  }
  return warm === 0 ? 0 : 1_000 * (AGES[warm - 1] ?? 0);
}
